"""Averages over blocks of steps: a window seen at a coarser resolution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from einops import rearrange

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

__all__ = ["block_means", "last_blocks"]


def block_means(windows: Float[Tensor, "batch time"], size: int) -> Float[Tensor, "batch blocks"]:
    """Average blocks of ``size`` steps, which must divide the time; missing values do not count.

    A block of nothing but missing values is missing.

    Examples
    --------
    >>> import torch
    >>> block_means(torch.tensor([[1.0, 3.0, torch.nan, 5.0, torch.nan, torch.nan]]), 2).tolist()
    [[2.0, 5.0, nan]]
    """
    return (
        windows if size == 1 else rearrange(windows, "batch (blocks size) -> batch blocks size", size=size).nanmean(2)
    )


def last_blocks(windows: Float[Tensor, "batch time"], size: int, blocks: int) -> Float[Tensor, "batch blocks"]:
    """The averages of the last ``blocks`` blocks of ``size`` steps; the last block ends where the window does.

    Examples
    --------
    >>> import torch
    >>> last_blocks(torch.arange(7.0)[None], size=2, blocks=3).tolist()
    [[1.5, 3.5, 5.5]]
    """
    return block_means(windows[:, windows.shape[1] - size * blocks :], size)
