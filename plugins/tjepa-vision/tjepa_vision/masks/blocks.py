"""Multi-block masks: rectangles of an image are hidden."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from tjepa_estimators.contracts import Masks
from tjepa_estimators.errors import ConfigError

if TYPE_CHECKING:
    from jaxtyping import Int
    from torch import Tensor

__all__ = ["BlocksOnPlane", "ImageBlockMasker", "check_grid"]


@dataclass(frozen=True, slots=True)
class ImageBlockMasker:
    """Hide rectangles at independent places, which may overlap; the context is the rest, or the rest of a large block.

    The size of the rectangles is drawn for a batch, their places for each row. Rows with more context are cut at random
    to the smallest one of the batch. On small grids rectangles shrink, then become fewer, so that something stays
    visible. Source: I-JEPA (arXiv 2301.08243), whose context block is ``context_low=0.85``.

    Parameters
    ----------
    blocks
        Rectangles to predict.
    low, high
        Smallest and largest rectangle, as shares of the tokens.
    aspect_low, aspect_high
        Height over width.
    context_low, context_high
        Smallest and largest block that the context is taken from; 1 and 1 is the whole image.

    Raises
    ------
    ConfigError
        A setting is impossible.

    Examples
    --------
    >>> masker = ImageBlockMasker().on((7, 7))
    >>> masks = masker(tokens=49, batch=2, generator=torch.Generator().manual_seed(0))
    >>> masks.targets.shape
    torch.Size([2, 4, 9])
    """

    blocks: float = 4
    low: float = 0.15
    high: float = 0.2
    aspect_low: float = 0.75
    aspect_high: float = 1.5
    context_low: float = 1.0
    context_high: float = 1.0

    def __post_init__(self) -> None:
        if not self.blocks >= 1 or self.blocks % 1:
            raise ConfigError(f"blocks={self.blocks} is no number of blocks; give a whole number from 1.")
        pairs = {"low and high": (self.low, self.high), "context": (self.context_low, self.context_high)}
        for name, (low, high) in pairs.items():
            if not 0.0 < low <= high <= 1.0:
                raise ConfigError(f"{name} must be shares of the tokens, 0 < low <= high <= 1, but got {(low, high)}.")
        if not 0.0 < self.aspect_low <= self.aspect_high < math.inf:
            aspects = (self.aspect_low, self.aspect_high)
            raise ConfigError(f"aspects must be positive, the lower one first, but got {aspects}.")

    def on(self, grid: tuple[int, ...]) -> BlocksOnPlane:
        """The masker of images of ``grid`` rows and columns of tokens."""
        check_grid(grid, 2, "image-block")
        return BlocksOnPlane(self, *grid)


@dataclass(frozen=True, slots=True)
class BlocksOnPlane:
    """Hides rectangles of tokens in rows and columns."""

    settings: ImageBlockMasker
    rows: int
    columns: int

    def __call__(self, tokens: int, batch: int, generator: torch.Generator) -> Masks:
        """Draw the masks of a batch."""
        if tokens != self.rows * self.columns:
            raise ConfigError(f"{tokens} tokens do not lie in {self.rows} rows of {self.columns}.")
        drawn, blocks = self.settings, min(int(self.settings.blocks), tokens - 1)
        aspect = _uniform(drawn.aspect_low, drawn.aspect_high, generator)
        share = _uniform(drawn.low, drawn.high, generator)
        targets = self._place(blocks, share * tokens, aspect, (tokens - 1) // blocks, batch, generator)
        share = _uniform(drawn.context_low, drawn.context_high, generator)
        seen = self._place(1, share * tokens, self.rows / self.columns, tokens, batch, generator)
        return Masks(context=_uncovered(targets, seen.flatten(1), tokens, generator), targets=targets)

    def _place(
        self, blocks: int, area: float, aspect: float, most: int, batch: int, generator: torch.Generator
    ) -> Int[Tensor, "batch blocks hidden"]:
        """Tokens of rectangles of one size at random places."""
        height, width = self._sides(area, aspect, most)
        device, shape = generator.device, (batch, blocks, 1, 1)
        top = torch.randint(self.rows - height + 1, shape, generator=generator, device=device)
        left = torch.randint(self.columns - width + 1, shape, generator=generator, device=device)
        down = top + torch.arange(height, device=device)[:, None]
        return (down * self.columns + left + torch.arange(width, device=device)).flatten(2)

    def _sides(self, area: float, aspect: float, most: int) -> tuple[int, int]:
        """Height and width nearest to what is asked, that fit and cover ``most`` tokens at most."""
        height = min(max(1, round(math.sqrt(area * aspect))), self.rows)
        width = min(max(1, round(area / height)), self.columns)
        height = min(max(height, round(area / width)), self.rows) if width == self.columns else height
        while height * width > most:
            height, width = (height - 1, width) if height >= width else (height, width - 1)
        return height, width


def check_grid(grid: tuple[int, ...], axes: int, kind: str) -> None:
    """Refuse a grid of another number of axes, or of one token.

    Raises
    ------
    ConfigError
        It is such a grid.
    """
    if len(grid) != axes:
        fitting = "image-patches" if axes == 2 else "video-tubelets"
        msg = f"mask kind {kind!r} needs tokens on {axes} axes, as the tokenizer {fitting!r} makes them; got {grid}."
        raise ConfigError(msg)
    if math.prod(grid) < 2:
        raise ConfigError(f"Masking needs at least 2 tokens, but the grid is {grid}; take smaller patches.")


def _uniform(low: float, high: float, generator: torch.Generator) -> float:
    return low + (high - low) * float(torch.rand((), generator=generator, device=generator.device))


def _uncovered(
    targets: Int[Tensor, "batch blocks hidden"],
    seen: Int[Tensor, "batch seen"],
    tokens: int,
    generator: torch.Generator,
) -> Int[Tensor, "batch visible"]:
    """Tokens of ``seen`` outside all targets, equally many a row and ascending; where there is none, any other one."""
    rank = torch.rand(len(targets), tokens, generator=generator, device=generator.device)
    outside = torch.ones_like(rank, dtype=torch.bool).scatter_(1, seen, value=False)
    rank = (rank + outside).scatter_(1, targets.flatten(1), 3.0)  # seen ones first, covered ones last
    visible = max(1, int((rank < 1.0).sum(dim=1).min()))
    return rank.argsort(dim=1)[:, :visible].sort(dim=1).values
