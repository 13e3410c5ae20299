"""Standardisation against normal data: zero is its median, one its 95 % quantile, whatever the score."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["QuantileScale"]

_HIGH = 0.95


@dataclass(frozen=True, slots=True)
class QuantileScale:
    """Median, and how far the 95 % quantile lies above it, along the first axis; NaN is left out.

    Scores with heavy and with light tails become comparable where it matters, at the edge of what is normal.
    With the median absolute deviation as unit, a heavy tail would outweigh every other score.

    Examples
    --------
    >>> scale = QuantileScale.fit(np.append(np.arange(101.0), np.nan), floor=0.1)
    >>> scale(np.array([50.0, 95.0])).tolist()
    [0.0, 1.0]
    """

    median: Float[np.ndarray, "*rest"]
    unit: Float[np.ndarray, "*rest"]

    @classmethod
    def fit(cls, values: Float[np.ndarray, "samples *rest"], floor: float) -> Self:
        """Measure on normal data.

        The unit is at least ``floor``: the first deviation from data that never varied must not outweigh
        everything else.
        """
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)  # becomes zero just below
            median, high = np.nan_to_num(np.nanquantile(values, [0.5, _HIGH], axis=0))
        return cls(median, np.maximum(high - median, floor))

    def __call__(self, values: Float[np.ndarray, "samples *rest"]) -> Float[np.ndarray, "samples *rest"]:
        """Standardise; NaN stays NaN."""
        return (values - self.median) / self.unit
