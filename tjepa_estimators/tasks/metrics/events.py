"""Events caught, and the false alarms that were the price."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.tasks.metrics.inputs import alarms_above, check_scored
from tjepa_estimators.tasks.metrics.runs import count_overlaps, find_runs

if TYPE_CHECKING:
    from jaxtyping import Bool, Int, Real

__all__ = ["EventReport", "event_recall", "report_events"]


@dataclass(frozen=True, slots=True)
class EventReport:
    """What an operator sees of a detector with its threshold."""

    threshold: float
    """An alarm is a score above it."""
    events: int
    """Runs of abnormal steps."""
    caught: int
    """Events with an alarm in at least one of their steps."""
    false_alarms: int
    """Runs of alarms that touch no event."""
    steps: int
    """Length of the series."""
    alarmed: float
    """Share of the normal steps in alarm. High beside few false alarms: the alarms are too long to be of use."""

    @property
    def recall(self) -> float:
        """Share of the events that were caught, between 0 and 1."""
        return self.caught / self.events

    def false_alarms_per(self, steps: float) -> float:
        """Mean number of false alarms in so many steps of the series."""
        return self.false_alarms * steps / self.steps


def report_events(scores: Real[np.ndarray, "time"], labels: Real[np.ndarray, "time"], threshold: float) -> EventReport:
    """Count events, those caught, and false alarms at a threshold.

    Parameters
    ----------
    scores
        Higher is more abnormal, one for each step.
    labels
        1 where a step is abnormal, else 0. Each run of them is an event.
    threshold
        An alarm is a score above it. Found on training data, it makes the figures a fair test.

    Raises
    ------
    DataError
        For scores that are not finite, unequal lengths, labels other than 0 and 1, or none that is 1.

    Examples
    --------
    >>> report_events([9, 0, 0, 9, 9, 0], [0, 0, 1, 1, 0, 0], threshold=5)
    EventReport(threshold=5, events=1, caught=1, false_alarms=1, steps=6, alarmed=0.5)
    """
    values, truth = check_scored(scores, labels)
    alarms = alarms_above(values, threshold)
    events, raised = find_runs(truth), find_runs(alarms)
    return EventReport(
        threshold=threshold,
        events=len(events.start),
        caught=int((count_overlaps(events, raised) > 0).sum()),
        false_alarms=int((count_overlaps(raised, events) == 0).sum()),
        steps=len(values),
        alarmed=float(alarms[~truth].mean()) if not truth.all() else 0.0,
    )


def event_recall(
    scores: Real[np.ndarray, "time"],
    labels: Real[np.ndarray, "time"],
    false_alarms: float = 1.0,
    per: float = 1000.0,
) -> EventReport:
    """Event recall at a fixed rate of false alarms, by default one in 1,000 steps.

    The threshold is lowered from the highest score over all scores, until one step lower would cost more false alarms
    than are allowed. It does not go on where long runs of alarms, grown together, touch an event and so count no more.
    The lowest score never raises an alarm, so constant scores catch nothing. The threshold is chosen with the labels,
    as a point of a ROC curve is; any increasing function of the scores leaves the figures as they are.

    Parameters
    ----------
    scores
        Higher is more abnormal, one for each step.
    labels
        1 where a step is abnormal, else 0. Each run of them is an event.
    false_alarms
        How many are allowed in every ``per`` steps of the series.
    per
        Steps. For false alarms in a day, the number of steps in a day.

    Raises
    ------
    ConfigError
        For a negative number of false alarms, or ``per`` not above 0.
    DataError
        For scores that are not finite, unequal lengths, labels other than 0 and 1, or none that is 1.

    Notes
    -----
    Every threshold is tried, in the time of a sort.

    Examples
    --------
    >>> scores = [3, 0, 0, 2, 0, 0, 1, 0]
    >>> labels = [0, 0, 0, 1, 0, 0, 1, 0]
    >>> event_recall(scores, labels, false_alarms=0).recall, event_recall(scores, labels, 1, per=8).recall
    (0.0, 1.0)
    """
    values, truth = check_scored(scores, labels)
    if not (false_alarms >= 0 and per > 0):  # also refuses NaN
        msg = f"false_alarms={false_alarms} in per={per} steps, but at least 0 in more than 0 steps are needed."
        raise ConfigError(msg)
    levels, rank = np.unique(values, return_inverse=True)
    dear = np.flatnonzero(_false_alarms(rank, truth) > false_alarms * len(values) / per)
    lowest = dear[-1] + 1 if dear.size else 0
    return report_events(values, truth, float(levels[lowest]))


def _false_alarms(rank: Int[np.ndarray, "time"], truth: Bool[np.ndarray, "time"]) -> Int[np.ndarray, "levels"]:
    """False alarms at every level, where an alarm is a rank above the level.

    Runs of alarms in normal stretches begin where a step is in alarm and the one before it is not. Those that reach
    an event in alarm at either end of their stretch are no false alarms, and one that does so at both ends must not
    be taken off twice. Each of these holds for an interval of levels; their bounds are summed.
    """
    change = np.zeros(rank.max() + 2, dtype=np.int64)
    normal = ~truth
    before = np.append(0, np.where(normal[:-1], rank[:-1], 0))
    begins = normal & (before < rank)
    np.add.at(change, before[begins], 1)
    np.add.at(change, rank[begins], -1)

    edges = np.flatnonzero(truth[1:] != truth[:-1])
    touching = np.minimum(rank[edges], rank[edges + 1])
    change[0] -= len(edges)
    np.add.at(change, touching, 1)

    stretches = find_runs(normal)
    between = [slice(*ends) for ends in zip(stretches.start, stretches.stop, strict=True)]
    spanned = [int(rank[s.start - 1 : s.stop + 1].min()) for s in between if s.start and s.stop < len(rank)]
    change[0] += len(spanned)
    np.add.at(change, np.array(spanned, dtype=np.intp), -1)
    return change.cumsum()[:-1]
