"""Robust standardisation: any score in units of how much it varies on normal data."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["RobustScale"]

_TO_DEVIATION = 1.4826
"""From the median absolute deviation to the standard deviation of a normal distribution."""


@dataclass(frozen=True, slots=True)
class RobustScale:
    """Median and spread along the first axis; NaN is left out.

    Examples
    --------
    >>> scale = RobustScale.fit(np.array([1.0, 2.0, 3.0, np.nan, 100.0]), floor=0.1)
    >>> scale(np.array([2.5])).tolist()
    [0.0]
    """

    location: Float[np.ndarray, "*rest"]
    spread: Float[np.ndarray, "*rest"]

    @classmethod
    def fit(cls, values: Float[np.ndarray, "samples *rest"], floor: float) -> Self:
        """Measure; the spread is at least ``floor`` and at least a tenth of the median.

        Without a floor the first deviation from data that never varied would outweigh everything else.
        """
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)  # becomes zero just below
            location = np.nan_to_num(np.nanmedian(values, axis=0))
            spread = np.nan_to_num(np.nanmedian(np.abs(values - location), axis=0)) * _TO_DEVIATION
        return cls(location, np.maximum.reduce([spread, 0.1 * np.abs(location), np.full_like(spread, floor)]))

    def __call__(self, values: Float[np.ndarray, "samples *rest"]) -> Float[np.ndarray, "samples *rest"]:
        """Standardise; NaN stays NaN."""
        return (values - self.location) / self.spread
