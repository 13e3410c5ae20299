"""The alarms that a threshold raises, one for each run of steps above it, and how many there would be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float, Int

__all__ = ["Alarm", "count_alarms", "find_alarms"]


@dataclass(frozen=True, slots=True)
class Alarm:
    """One run of steps above a threshold."""

    start: int
    """Its first step."""
    stop: int
    """One after its last step, so that ``scores[start:stop]`` are those of the alarm."""
    peak: int
    """The step with the highest score; the first of them."""
    score: float
    """The score there."""


def find_alarms(scores: Float[np.ndarray, "time"], threshold: float, gap: int = 0) -> list[Alarm]:
    """The alarms of one series in order of time, as an operator sees them.

    Parameters
    ----------
    scores
        Higher is more abnormal. NaN is never above the threshold.
    threshold
        Scores above it are in alarm.
    gap
        Runs with at most so many quiet steps between them are one alarm, which then holds these steps.

    Examples
    --------
    >>> find_alarms(np.array([0.0, 5, 7, 0, 5]), threshold=3.0)
    [Alarm(start=1, stop=3, peak=2, score=7.0), Alarm(start=4, stop=5, peak=4, score=5.0)]
    >>> len(find_alarms(np.array([0.0, 5, 7, 0, 5]), threshold=3.0, gap=1))
    1
    """
    scores = np.asarray(scores)  # a pandas.Series would be asked for labels below
    above = np.flatnonzero(scores > threshold)
    if not len(above):
        return []
    runs = np.split(above, np.flatnonzero(np.diff(above) > gap + 1) + 1)
    peaks = [int(run[scores[run].argmax()]) for run in runs]
    return [
        Alarm(int(run[0]), int(run[-1]) + 1, peak, float(scores[peak])) for run, peak in zip(runs, peaks, strict=True)
    ]


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
