"""Tubes: the same rectangles are hidden in every frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from tjepa_estimators.contracts import Masks
from tjepa_estimators.errors import ConfigError
from tjepa_vision.masks.blocks import BlocksOnPlane, ImageBlockMasker, check_grid

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["TubeMasker"]


@dataclass(frozen=True, slots=True)
class TubeMasker(ImageBlockMasker):
    """Hide the rectangles of an :class:`ImageBlockMasker` in all frames of a clip, so that none shows what is hidden.

    Source: V-JEPA (arXiv 2404.08471), whose two masks are 8 blocks of 15 % and 2 of 70 %.

    Examples
    --------
    >>> masker = TubeMasker(blocks=2).on((3, 4, 4))
    >>> masker(tokens=48, batch=1, generator=torch.Generator().manual_seed(0)).targets.shape
    torch.Size([1, 2, 12])
    """

    def on(self, grid: tuple[int, ...]) -> _Tubes:  # type: ignore[override]
        """The masker of clips of ``grid`` steps, rows and columns of tokens."""
        check_grid(grid, 3, "tube")
        frames, rows, columns = grid
        if rows * columns < 2:
            raise ConfigError(f"A tube needs frames of 2 tokens or more, but the grid is {grid}.")
        return _Tubes(BlocksOnPlane(self, rows, columns), frames)


@dataclass(frozen=True, slots=True)
class _Tubes:
    plane: BlocksOnPlane
    frames: int

    def __call__(self, tokens: int, batch: int, generator: torch.Generator) -> Masks:
        if tokens % self.frames:
            raise ConfigError(f"{tokens} tokens do not lie in {self.frames} frames.")
        size = tokens // self.frames
        flat = self.plane(size, batch, generator)
        return Masks(context=self._extend(flat.context, size), targets=self._extend(flat.targets, size))

    def _extend(self, index: Tensor, size: int) -> Tensor:
        begins = torch.arange(self.frames, device=index.device) * size
        return (begins[:, None] + index.unsqueeze(-2)).flatten(-2)
