"""Masking: which tokens the student sees and which it must predict.

Maskers are pure functions of the generator that they are given; they never touch the global random state.
All rows of a batch get the same number of visible and of hidden tokens, so that batches stay rectangular;
at least one token is visible and at least one hidden for any sequence of two tokens or more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from tjepa_estimators.contracts import Masks
from tjepa_estimators.errors import ConfigError

if TYPE_CHECKING:
    from jaxtyping import Int
    from torch import Tensor

    from tjepa_estimators.contracts import Masker

__all__ = ["BlockMasker", "FutureMasker", "MixedMasker", "RandomMasker"]


@dataclass(frozen=True, slots=True)
class RandomMasker:
    """Hide a random set of tokens, one block per sequence, indices ascending (as in TS-JEPA, arXiv 2509.25449).

    Parameters
    ----------
    ratio
        Share of the tokens to hide, between 0 and 1, both excluded.

    Raises
    ------
    ConfigError
        If ``ratio`` is out of range or, on a call, a sequence has fewer than two tokens.

    Examples
    --------
    >>> masks = RandomMasker(ratio=0.7)(tokens=10, batch=2, generator=torch.Generator().manual_seed(0))
    >>> masks.context.shape, masks.targets.shape
    (torch.Size([2, 3]), torch.Size([2, 1, 7]))
    """

    ratio: float = 0.7

    def __post_init__(self) -> None:
        _check_share("ratio", self.ratio)

    def __call__(self, tokens: int, batch: int, generator: torch.Generator) -> Masks:
        """Draw the masks of a batch."""
        hidden = _count_hidden(self.ratio, tokens)
        order = torch.rand(batch, tokens, generator=generator, device=generator.device).argsort(dim=1)
        context, targets = order[:, hidden:].sort(dim=1).values, order[:, :hidden].sort(dim=1).values
        return Masks(context=context, targets=targets.unsqueeze(1))


@dataclass(frozen=True, slots=True)
class BlockMasker:
    """Hide contiguous blocks of tokens at independent places, which may overlap (I-JEPA, arXiv 2301.08243).

    The context is what no block covers. Rows whose blocks overlap have more of it and are cut at random to the
    smallest context of the batch. Short sequences get shorter, then fewer blocks, so that something stays visible.

    Parameters
    ----------
    blocks
        Number of target blocks per sequence.
    length
        Tokens per block, as a share of the sequence; ``blocks * length`` must be below 1.

    Raises
    ------
    ConfigError
        If a setting is out of range or, on a call, a sequence has fewer than two tokens.

    Examples
    --------
    >>> masks = BlockMasker(blocks=2, length=0.25)(tokens=8, batch=1, generator=torch.Generator().manual_seed(0))
    >>> masks.targets.shape
    torch.Size([1, 2, 2])
    """

    blocks: int = 3
    length: float = 0.2

    def __post_init__(self) -> None:
        _check_share("length", self.length)
        if not self.blocks >= 1 or self.blocks % 1:
            raise ConfigError(f"blocks={self.blocks} is no number of blocks; give a whole number from 1.")
        if self.blocks * self.length >= 1:
            raise ConfigError(
                f"{self.blocks} blocks of {self.length} of the sequence can hide all of it; "
                f"lower blocks or length until blocks * length is below 1."
            )

    def __call__(self, tokens: int, batch: int, generator: torch.Generator) -> Masks:
        """Draw the masks of a batch."""
        size = _count_hidden(self.length, tokens)
        blocks = min(int(self.blocks), tokens - 1)  # settings that went through JSON may come as 3.0
        size = min(size, (tokens - 1) // blocks)
        device = generator.device
        starts = torch.randint(tokens - size + 1, (batch, blocks, 1), generator=generator, device=device)
        targets = starts + torch.arange(size, device=device)
        return Masks(context=_draw_uncovered(targets, tokens, generator), targets=targets)


@dataclass(frozen=True, slots=True)
class FutureMasker:
    """Hide the end of each sequence; everything before is context. The cut is drawn once per batch.

    Parameters
    ----------
    low, high
        Smallest and largest share of the tokens to hide, between 0 and 1, both excluded.
    forget
        Share of the batches that forget the oldest part of their context, as if the series had begun later; how much
        is left is drawn evenly. So a predictor learns to work from short histories.

    Raises
    ------
    ConfigError
        If a share is out of range, ``low`` exceeds ``high`` or, on a call, a sequence has fewer than two tokens.

    Examples
    --------
    >>> masks = FutureMasker(low=0.25, high=0.25)(tokens=8, batch=1, generator=torch.Generator().manual_seed(0))
    >>> masks.targets.tolist()
    [[[6, 7]]]
    """

    low: float = 0.2
    high: float = 0.5
    forget: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.forget <= 1.0:
            raise ConfigError(f"forget={self.forget} is no share of batches; give a number from 0 to 1.")
        _check_share("low", self.low)
        _check_share("high", self.high)
        if self.low > self.high:
            raise ConfigError(f"low={self.low} is above high={self.high}; swap them.")

    def __call__(self, tokens: int, batch: int, generator: torch.Generator) -> Masks:
        """Draw the masks of a batch."""
        fewest, most = _count_hidden(self.low, tokens), _count_hidden(self.high, tokens)
        device = generator.device
        hidden = int(torch.randint(fewest, most + 1, (), generator=generator, device=device))
        rows = torch.arange(tokens, device=device).repeat(batch, 1)
        begin = self._begin(tokens - hidden, generator) if self.forget else 0
        return Masks(context=rows[:, begin : tokens - hidden], targets=rows[:, tokens - hidden :].unsqueeze(1))

    def _begin(self, visible: int, generator: torch.Generator) -> int:
        """The first token that is not forgotten."""
        forgets = torch.rand((), generator=generator, device=generator.device) < self.forget
        return int(torch.randint(visible, (), generator=generator, device=generator.device)) if forgets else 0


@dataclass(frozen=True, slots=True)
class MixedMasker:
    """Draw one masker for each batch.

    Parameters
    ----------
    maskers
        The maskers to choose from.
    weights
        How often each is chosen, relative to the others; 0 switches one off.

    Raises
    ------
    ConfigError
        If there is no masker, or the weights do not fit them.

    Examples
    --------
    >>> masker = MixedMasker((FutureMasker(), BlockMasker()), weights=(1.0, 0.0))
    >>> masker(tokens=8, batch=4, generator=torch.Generator().manual_seed(0)).targets.shape[:2]
    torch.Size([4, 1])
    """

    maskers: tuple[Masker, ...]
    weights: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.maskers or len(self.maskers) != len(self.weights):
            raise ConfigError(
                f"Got {len(self.maskers)} maskers and {len(self.weights)} weights; give at least one masker, "
                f"and one weight for each."
            )
        if not (min(self.weights) >= 0 and 0 < sum(self.weights) < float("inf")):
            raise ConfigError(f"weights={self.weights} must be finite, not negative, and not all zero.")

    def __call__(self, tokens: int, batch: int, generator: torch.Generator) -> Masks:
        """Draw a masker, then the masks of a batch from it."""
        weights = torch.tensor(self.weights, device=generator.device)
        chosen = int(torch.multinomial(weights, 1, generator=generator))
        return self.maskers[chosen](tokens, batch, generator)


def _check_share(name: str, share: float) -> None:
    if not 0 < share < 1:
        raise ConfigError(f"{name}={share} is no share of a sequence; give a number between 0 and 1, both excluded.")


def _count_hidden(share: float, tokens: int) -> int:
    """``share`` of the tokens in whole tokens, leaving at least one on either side."""
    if tokens < 2:
        raise ConfigError(
            f"Masking needs at least 2 tokens, one to see and one to predict, but a sequence has {tokens}; "
            f"use longer windows or smaller patches."
        )
    return min(max(round(share * tokens), 1), tokens - 1)


def _draw_uncovered(
    targets: Int[Tensor, "batch blocks hidden"], tokens: int, generator: torch.Generator
) -> Int[Tensor, "batch visible"]:
    """Tokens outside all blocks, equally many per row, ascending."""
    rank = torch.rand(targets.shape[0], tokens, generator=generator, device=generator.device)
    rank.scatter_(1, targets.flatten(1), 2.0)  # above every draw from [0, 1): covered tokens sort last
    visible = int((rank < 1).sum(dim=1).min())
    return rank.argsort(dim=1)[:, :visible].sort(dim=1).values
