"""What a rule for thresholds is, and what all of them check."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from tjepa_estimators.errors import ConfigError, DataError

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["ThresholdRule", "check_scores", "require"]


class ThresholdRule(Protocol):
    """Finds the threshold from the scores ``[time]`` of each training series; above it is abnormal."""

    def __call__(self, scores: Sequence[Float[np.ndarray, "time"]], /) -> float:
        """Find the threshold."""


def check_scores(scores: Sequence[Float[np.ndarray, "time"]]) -> list[Float[np.ndarray, "time"]]:
    """Double precision, one array for each series that has any.

    Raises
    ------
    DataError
        There are none, they have more than one axis, or are not finite.
    """
    series = [np.asarray(one, dtype=np.float64) for one in scores if np.size(one)]
    if not series or any(one.ndim != 1 for one in series):
        shapes = [one.shape for one in series[:5]]
        msg = f"Expected a list of scores [time], one array for each series, but got arrays of the shapes {shapes}."
        raise DataError(msg)
    if not all(np.isfinite(one).all() for one in series):
        msg = "The training scores hold NaN or infinity; leave these steps out, they say nothing about a threshold."
        raise DataError(msg)
    return series


def require(fact: bool, rule: str, given: object) -> None:
    """Refuse a setting that breaks a rule."""
    if not fact:
        msg = f"{rule}; got {given!r}."
        raise ConfigError(msg)
