"""Volume under the surface: precision-recall and ROC areas over a range of buffers around the events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tjepa_estimators.errors import ConfigError, DataError
from tjepa_estimators.tasks.metrics.inputs import check_scored
from tjepa_estimators.tasks.metrics.runs import Runs, find_runs

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int, Real

__all__ = ["VUS", "volume_under_surface"]

_FAR = 1 << 40
"""Distance to an event that does not exist."""


@dataclass(frozen=True, slots=True)
class VUS:
    """Volumes under both surfaces, each between 0 and 1."""

    pr: float
    """Under precision over recall."""
    roc: float
    """Under true over false positive rate."""


def volume_under_surface(
    scores: Real[np.ndarray, "time"],
    labels: Real[np.ndarray, "time"],
    buffer: int = 100,
    thresholds: int = 250,
) -> VUS:
    """VUS-PR and VUS-ROC: areas under the curves, averaged over buffers of 0 to ``buffer`` steps.

    A buffer of ``l`` steps puts ``l // 2`` steps of partial label on either side of every event, falling with the
    distance ``d`` as ``sqrt(1 - d / l)``, 1 where two of them meet. So an alarm just beside an event is nearly as
    good as one on it. Recall is multiplied by the share of events in which, or in whose buffers, there is any alarm;
    events whose buffers overlap are one.

    Where the code behind the published TSB-AD tables departs from the paper, this function follows the code:

    - precision is summed over the steps of recall, as average precision; the paper joins them by trapezoids;
    - the positives are the labelled steps and half of the *alarmed* weight in the buffers, not half of all of it;
    - the buffers' areas are averaged with equal weights; the paper halves those of the first and the last;
    - the slopes start one step outside the event on both sides, where the paper's are one step apart;
    - thresholds are the scores at ``thresholds`` evenly spaced ranks.

    Reversed time gives the same volumes, and so does any increasing function of the scores.

    Parameters
    ----------
    scores
        Higher is more abnormal, one for each step.
    labels
        1 where a step is abnormal, else 0.
    buffer
        The longest buffer, in steps, both sides together. TSB-AD takes the period of the series:
        :func:`~tjepa_estimators.tasks.metrics.period.period_buffer`; its default without a series is 100.
    thresholds
        Points of each curve.

    Raises
    ------
    ConfigError
        For a negative buffer or fewer than two thresholds.
    DataError
        For scores that are not finite, unequal lengths, labels other than 0 and 1, or labels that are all the same.

    Notes
    -----
    Only steps within half a buffer of an event are visited again for each buffer: time grows with
    ``buffer * (steps in buffers + thresholds + events)``, memory with the number of steps. For 100,000 steps and a
    buffer of 100 one core takes 0.06 s with 20 events, and 0.15 s where every step lies in a buffer.

    Source: Paparrizos et al., "Volume Under the Surface" (PVLDB 15(11), 2022), in the efficient form of Boniol et al.
    (arXiv 2502.13318); TSB-AD (Liu and Paparrizos, NeurIPS 2024).

    Examples
    --------
    >>> labels = np.repeat([0, 1, 0], [40, 5, 55])
    >>> volume_under_surface(labels, labels).pr, round(volume_under_surface(np.roll(labels, 2), labels, 20).pr, 2)
    (1.0, 0.75)
    """
    values, truth = check_scored(scores, labels)
    if buffer < 0 or thresholds < 2:
        msg = f"buffer={buffer} and thresholds={thresholds}, but at least 0 steps and 2 thresholds are needed."
        raise ConfigError(msg)
    if truth.all():
        msg = "Every step is labelled 1, so there is no false alarm to count. Leave this series out of the comparison."
        raise DataError(msg)
    alarm_from = _first_alarm(values, thresholds)
    events = find_runs(truth)
    surrounds = _Surrounds.measure(truth, events, alarm_from, buffer // 2)
    alarms, hits = _reached(alarm_from, thresholds), _reached(alarm_from[truth], thresholds)
    labelled = int(truth.sum())
    areas = np.empty((buffer + 1, 2))
    for length in range(buffer + 1):
        if length % 2 == 0:  # an odd buffer reaches as far as the even one before it
            found = _events_found(events, alarm_from, length // 2, thresholds)
        beside = surrounds.reached(length, thresholds)
        positives, true = labelled + beside / 2, hits + beside
        recall = np.minimum(true / positives, 1.0) * found
        fallout = (alarms - true) / (len(values) - positives)
        areas[length] = np.diff(recall, prepend=0.0) @ (true / alarms), _roc_area(recall, fallout)
    pr, roc = areas.mean(axis=0).tolist()
    return VUS(pr, roc)


def _first_alarm(values: Float[np.ndarray, "time"], thresholds: int) -> Int[np.ndarray, "time"]:
    """For each step the first threshold, counted from the highest, that its score reaches."""
    falling = -np.sort(-values)
    ranks = np.linspace(0, len(values) - 1, thresholds).astype(int)
    return np.searchsorted(-falling[ranks], -values)


def _reached(
    alarm_from: Int[np.ndarray, "steps"], thresholds: int, weights: Float[np.ndarray, "steps"] | None = None
) -> Float[np.ndarray, "thresholds"]:
    """Number, or weight, of the steps in alarm at each threshold."""
    return np.bincount(alarm_from, weights, minlength=thresholds).cumsum()


@dataclass(frozen=True, slots=True)
class _Surrounds:
    """The steps outside events but near one, nearest first."""

    nearest: Int[np.ndarray, "steps"]
    """Steps to the nearest event."""
    second: Int[np.ndarray, "steps"]
    """Steps to the second nearest one."""
    alarm_from: Int[np.ndarray, "steps"]

    @classmethod
    def measure(
        cls, truth: Bool[np.ndarray, "time"], events: Runs, alarm_from: Int[np.ndarray, "time"], reach: int
    ) -> _Surrounds:
        """Measure the distances of the steps at most ``reach`` steps from an event."""
        steps = np.flatnonzero(~truth)
        last = np.concatenate([[-_FAR, -_FAR], events.stop - 1])
        first = np.concatenate([events.start, [_FAR, _FAR]])
        passed = np.searchsorted(events.stop, steps, side="right")
        distances = np.stack(
            [steps - last[passed + 1], steps - last[passed], first[passed] - steps, first[passed + 1] - steps]
        )
        distances.sort(axis=0)
        near = np.flatnonzero(distances[0] <= reach)
        near = near[np.argsort(distances[0, near], kind="stable")]
        return cls(distances[0, near], distances[1, near], alarm_from[steps[near]])

    def reached(self, length: int, thresholds: int) -> Float[np.ndarray, "thresholds"]:
        """Weight of the steps of a buffer in alarm at each threshold.

        Where two slopes meet their sum is at least 1, which is the most that a step can weigh.
        """
        half = length // 2
        inside = np.searchsorted(self.nearest, half, side="right")
        slope = np.sqrt(1.0 - np.arange(half + 1) / max(length, 1))
        weights = np.where(self.second[:inside] <= half, 1.0, slope[self.nearest[:inside]])
        return _reached(self.alarm_from[:inside], thresholds, weights)


def _events_found(
    events: Runs, alarm_from: Int[np.ndarray, "time"], half: int, thresholds: int
) -> Float[np.ndarray, "thresholds"]:
    """Share of the events with an alarm in them or in their buffers; events whose buffers overlap are one."""
    apart = np.flatnonzero(events.start[1:] - events.stop[:-1] >= 2 * half)
    start = np.maximum(events.start[np.append(0, apart + 1)] - half, 0)
    stop = np.minimum(events.stop[np.append(apart, -1)] + half, len(alarm_from))
    padded = np.append(alarm_from, thresholds)  # reduceat takes no bound beyond the end
    first = np.minimum.reduceat(padded, np.stack([start, stop], axis=1).ravel())[::2]
    return _reached(first, thresholds) / len(first)


def _roc_area(recall: Float[np.ndarray, "thresholds"], fallout: Float[np.ndarray, "thresholds"]) -> float:
    """Area by trapezoids, from (0, 0) to (1, 1)."""
    return float(np.trapezoid(np.concatenate([[0.0], recall, [1.0]]), np.concatenate([[0.0], fallout, [1.0]])))
