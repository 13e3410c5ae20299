"""How many alarms a threshold would raise: one for each run of steps above it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float, Int

__all__ = ["count_alarms"]


def count_alarms(
    series: Sequence[Float[np.ndarray, "time"]], gap: int, thresholds: Float[np.ndarray, "values"]
) -> Int[np.ndarray, "values"]:
    """Count at each threshold, in one sweep over the sorted scores.

    An alarm begins at a step above the threshold, where none of the ``gap + 1`` steps before it is. So each step
    counts for the thresholds from the highest of those scores up to, but without, its own.

    Parameters
    ----------
    series
        Scores of each series; no run goes on in the next one.
    gap
        Runs with at most so many quiet steps between them are one alarm.
    thresholds
        In any order.

    Examples
    --------
    >>> count_alarms([np.array([0.0, 5, 5, 0, 3])], 0, np.array([0.0, 3, 5])).tolist()
    [2, 1, 0]
    """
    before = np.concatenate([_highest_before(one, gap + 1) for one in series])
    own = np.concatenate(series)
    rises = own > before
    begun = np.searchsorted(np.sort(before[rises]), thresholds, side="right")
    return begun - np.searchsorted(np.sort(own[rises]), thresholds, side="right")


def _highest_before(scores: Float[np.ndarray, "time"], steps: int) -> Float[np.ndarray, "time"]:
    """The highest of so many preceding scores, by doubling the steps that are looked back on."""
    steps = min(steps, len(scores))
    highest, seen = _later(scores, 1), 1
    while seen < steps:
        more = min(seen, steps - seen)
        highest, seen = np.maximum(highest, _later(highest, more)), seen + more
    return highest


def _later(scores: Float[np.ndarray, "time"], steps: int) -> Float[np.ndarray, "time"]:
    return np.concatenate([np.full(steps, -np.inf), scores])[: len(scores)]
