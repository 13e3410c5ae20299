"""What patches of images and tubelets of clips share: scaling, padding, places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from tjepa_estimators.contracts import Tokens
from tjepa_estimators.errors import ConfigError
from tjepa_estimators.nn.positions import sinusoidal_positions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jaxtyping import Float
    from torch import Tensor

__all__ = ["PatchEmbedding", "ceil_divide", "places"]


_REACH = 32.0
"""Each axis is as long as this in positions. A grid of four by four, numbered from 0 to 3, lies within half a period of
most sines that positions are told by, and an encoder hardly learns where a patch is."""


def ceil_divide(size: int, patch: int) -> int:
    """Patches that cover ``size``."""
    return -(-size // patch)


def places(grid: Sequence[int], device: torch.device, dtype: torch.dtype) -> Float[Tensor, "tokens axes"]:
    """The coordinates of tokens on a grid, the last axis fastest; every axis reaches equally far.

    Examples
    --------
    >>> places((2, 2), torch.device("cpu"), torch.float32).tolist()
    [[0.0, 0.0], [0.0, 16.0], [16.0, 0.0], [16.0, 16.0]]
    """
    steps = (torch.arange(size, device=device, dtype=dtype) * (_REACH / size) for size in grid)
    axes = torch.meshgrid(*steps, indexing="ij")
    return torch.stack([axis.flatten() for axis in axes], dim=-1)


class PatchEmbedding(nn.Module):
    """Standardise pixels and map whole patches to tokens; the mean and deviation belong to the settings, not to here.

    Parameters
    ----------
    pixels
        Pixels of a patch, all frames of it together.
    dim
        Width of a token.
    mean, std
        Of each channel, in units where uint8 reaches from 0 to 1.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, pixels: int, dim: int, mean: tuple[float, ...] | None, std: tuple[float, ...] | None) -> None:
        super().__init__()
        if mean is None or std is None:
            msg = "The settings were not fitted to data: call fit_to(items), or pretrain(items, config=...)."
            raise ConfigError(msg)
        self.dim = dim
        self.project = nn.Linear(pixels * len(mean), dim)
        self.register_buffer("mean", torch.tensor(mean), persistent=False)
        self.register_buffer("std", torch.tensor(std), persistent=False)

    def scale(self, raw: Tensor) -> Tensor:
        """Standardised pixels; uint8 is read as shares of 255."""
        values = raw if raw.is_floating_point() else raw / 255.0
        return (values.to(self.project.weight.dtype) - self.mean) / self.std

    def forward(self, patches: Float[Tensor, "batch tokens patch"], grid: Sequence[int]) -> Tokens:
        """Embed patches that lie on ``grid``; no token is padding."""
        positions = places(grid, patches.device, patches.dtype).expand(len(patches), -1, -1)
        values = self.project(patches) + sinusoidal_positions(positions, self.dim)
        return Tokens(values, positions, torch.zeros(values.shape[:2], dtype=torch.bool, device=values.device))
