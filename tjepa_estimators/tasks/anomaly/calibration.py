"""Standardisation against normal data: zero is its median, one its 95 % quantile, whatever the score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["LogScale"]

_HIGH = 0.95
_FLOOR = 0.1
"""Smallest unit, of logarithms: the first deviation from data that never varied must not outweigh everything else."""
_OFFSET = 0.1
"""Share of the median that is added before the logarithm, so that it stays finite."""
_TINY = 1e-9
_DIGITS = 9


@dataclass(frozen=True, slots=True)
class LogScale:
    """Logarithm (evidence varies by factors), less its median, in units of how far its 95 % quantile lies above.

    Evidence with heavy and with light tails becomes comparable where it matters, at the edge of what is normal.
    With the median absolute deviation as unit, a heavy tail would outweigh every other score.

    Examples
    --------
    >>> scale = LogScale.fit(np.exp(np.arange(101.0)))
    >>> scale(np.exp(np.array([50.0, 95.0]))).round(2).tolist()
    [0.0, 1.0]
    """

    offset: float
    median: float
    unit: float

    @classmethod
    def fit(cls, evidence: Float[np.ndarray, "windows"]) -> Self:
        """Measure on normal data; evidence is zero or more."""
        offset = _OFFSET * float(np.median(evidence)) + _TINY
        median, high = np.quantile(np.log(evidence + offset), [0.5, _HIGH])
        return cls(offset, float(median), max(float(high - median), _FLOOR))

    def __call__(self, evidence: Float[np.ndarray, "*any"]) -> Float[np.ndarray, "*any"]:
        """Standardise; what differs by rounding only, as on data that never vary, is the same."""
        return np.round((np.log(evidence + self.offset) - self.median) / self.unit, _DIGITS)
