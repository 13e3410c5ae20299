"""Fusion: several standardised scores of the same steps become one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["FUSIONS", "highest", "mean"]


def mean(scores: Float[np.ndarray, "scores time"]) -> Float[np.ndarray, "time"]:
    """Mean of the scores that have something to say (are not NaN); zero where none has.

    Examples
    --------
    >>> mean(np.array([[1.0, np.nan, np.nan], [3.0, 2.0, np.nan]])).tolist()
    [2.0, 2.0, 0.0]
    """
    known = ~np.isnan(scores)
    return np.where(known, scores, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)


def highest(scores: Float[np.ndarray, "scores time"]) -> Float[np.ndarray, "time"]:
    """Take the highest score of those that have something to say; zero where none has.

    Examples
    --------
    >>> highest(np.array([[1.0, np.nan, np.nan], [3.0, 2.0, np.nan]])).tolist()
    [3.0, 2.0, 0.0]
    """
    top = np.where(np.isnan(scores), -np.inf, scores).max(axis=0)
    return np.where(np.isneginf(top), 0.0, top)


FUSIONS: Mapping[str, Callable[[Float[np.ndarray, "scores time"]], Float[np.ndarray, "time"]]] = {
    "mean": mean,
    "max": highest,
}
"""Fusions by the name that :class:`~tjepa_estimators.tasks.anomaly.AnomalyConfig` knows them by."""
