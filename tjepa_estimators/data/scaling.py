"""Instance scaling: each window by the mean and deviation of its own context, and exactly back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

__all__ = ["InstanceStats", "denormalize", "instance_stats", "normalize"]

_ABSOLUTE_FLOOR = 1e-12
"""Smallest deviation. Not smaller: a jump out of a context of zeros must not overflow single precision when squared."""


@dataclass(frozen=True, slots=True)
class InstanceStats:
    """Level and spread of each window of a batch."""

    mean: Float[Tensor, "batch 1"]
    """Mean of the observed values of the context."""
    std: Float[Tensor, "batch 1"]
    """Population standard deviation of the same values; never zero."""


def instance_stats(context: Float[Tensor, "batch time"]) -> InstanceStats:
    """Level and spread of each row of ``context``, which must not reach into what is to be predicted.

    Computed in the type of ``context``. NaN is left out; a row of nothing else has mean 0 and deviation 1. A row
    whose values differ by no more than their rounding counts as constant: its deviation is a small fraction of
    its level, so that dividing by it is safe and a forecast of a few deviations stays at the level.

    Examples
    --------
    >>> stats = instance_stats(torch.tensor([[1.0, 3.0, torch.nan], [7.0, 7.0, 7.0]]))
    >>> stats.mean.flatten().tolist()
    [2.0, 7.0]
    >>> bool((stats.std > 0).all())
    True
    """
    rough = context.nanmean(dim=-1, keepdim=True)
    # the second pass takes away the rounding of the first: a constant row gets its very value and no deviation
    mean = rough + (context - rough).nanmean(dim=-1, keepdim=True)
    std = (context - mean).square().nanmean(dim=-1, keepdim=True).sqrt()
    floor = (mean.abs() * _relative_floor(context.dtype)).clamp_min(_ABSOLUTE_FLOOR)
    return InstanceStats(mean=mean.nan_to_num(nan=0.0), std=std.maximum(floor).nan_to_num(nan=1.0))


def normalize(values: Float[Tensor, "batch time"], stats: InstanceStats) -> Float[Tensor, "batch time"]:
    """Shift and scale ``values`` to the units of ``stats``; NaN stays NaN."""
    return (values - stats.mean) / stats.std


def denormalize(values: Float[Tensor, "batch time"], stats: InstanceStats) -> Float[Tensor, "batch time"]:
    """Bring ``values`` from the units of ``stats`` back: the inverse of :func:`normalize`."""
    return values * stats.std + stats.mean


def _relative_floor(dtype: torch.dtype) -> float:
    """Smallest deviation that is more than rounding, as a fraction of the level: 1e-6 in single precision."""
    return max(8 * torch.finfo(dtype).eps, 1e-12)
