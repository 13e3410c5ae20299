"""Precision and recall of ranges: how well alarms cover each event, and events each alarm."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.tasks.metrics.inputs import alarms_above, check_scored
from tjepa_estimators.tasks.metrics.precision_recall import PrecisionRecall
from tjepa_estimators.tasks.metrics.runs import count_overlaps, find_runs

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int, Real

__all__ = ["back", "flat", "front", "middle", "once", "range_precision_recall", "reciprocal"]

Bias = Callable[["Int[np.ndarray, 'steps']", "Int[np.ndarray, 'steps']"], "Float[np.ndarray, 'steps']"]
Cardinality = Callable[["Int[np.ndarray, 'runs']"], "Float[np.ndarray, 'runs']"]


def flat(position: Int[np.ndarray, "steps"], length: Int[np.ndarray, "steps"]) -> Float[np.ndarray, "steps"]:  # noqa: ARG001
    """Every step of a range counts the same."""
    return np.ones(len(position))


def front(position: Int[np.ndarray, "steps"], length: Int[np.ndarray, "steps"]) -> Float[np.ndarray, "steps"]:
    """The first step of a range counts most, for where an early alarm is what matters."""
    return length - position + 1.0


def back(position: Int[np.ndarray, "steps"], length: Int[np.ndarray, "steps"]) -> Float[np.ndarray, "steps"]:  # noqa: ARG001
    """The last step of a range counts most."""
    return position.astype(np.float64)


def middle(position: Int[np.ndarray, "steps"], length: Int[np.ndarray, "steps"]) -> Float[np.ndarray, "steps"]:
    """The middle of a range counts most."""
    return np.where(position <= length / 2, position, length - position + 1.0)


def reciprocal(count: Int[np.ndarray, "runs"]) -> Float[np.ndarray, "runs"]:
    """A range that meets several others is worth as much less."""
    return 1.0 / np.maximum(count, 1)


def once(count: Int[np.ndarray, "runs"]) -> Float[np.ndarray, "runs"]:
    """A range in pieces is worth as much as a whole one."""
    return np.ones(len(count))


def range_precision_recall(
    scores: Real[np.ndarray, "time"],
    labels: Real[np.ndarray, "time"],
    threshold: float,
    *,
    existence: float = 0.2,
    recall_bias: Bias = flat,
    precision_bias: Bias = flat,
    cardinality: Cardinality = reciprocal,
) -> PrecisionRecall:
    """Range-based precision and recall: every event and every run of alarms counts once, however long it is.

    Recall is the mean over events of ``existence * (is there an alarm in it) + (1 - existence) * overlap``, precision
    the mean over runs of alarms of their overlap with events. An overlap is the covered share of the range, weighted
    by its bias and times the cardinality factor. The defaults are those of the TSB-AD tables.

    Parameters
    ----------
    scores
        Higher is more abnormal, one for each step.
    labels
        1 where a step is abnormal, else 0.
    threshold
        An alarm is a score above it.
    existence
        Weight between 0 and 1 of finding an event at all; the paper's alpha, for recall only.
    recall_bias, precision_bias
        Weight of a step from its position in the range, counted from 1, and the range's length:
        :func:`flat`, :func:`front`, :func:`middle`, :func:`back` or your own.
    cardinality
        Factor from the number of ranges met: :func:`reciprocal`, :func:`once` or your own; the paper's gamma.

    Raises
    ------
    ConfigError
        For an ``existence`` outside [0, 1].
    DataError
        For scores that are not finite, unequal lengths, labels other than 0 and 1, or none that is 1.

    Notes
    -----
    Source: Tatbul et al., "Precision and Recall for Time Series" (NeurIPS 2018), equations 1 to 6.

    Examples
    --------
    >>> found = range_precision_recall([0, 1, 1, 0, 0, 0], [0, 0, 1, 1, 0, 0], threshold=0.5)
    >>> found.precision, round(found.recall, 3)
    (0.5, 0.6)
    """
    values, truth = check_scored(scores, labels)
    if not 0.0 <= existence <= 1.0:
        msg = f"existence={existence}, but it is a share between 0 and 1."
        raise ConfigError(msg)
    alarms = alarms_above(values, threshold)
    found, overlap = _overlap(truth, alarms, recall_bias, cardinality)
    recall = existence * found.mean() + (1.0 - existence) * overlap.mean()
    precision = _overlap(alarms, truth, precision_bias, cardinality)[1].mean() if alarms.any() else 0.0
    return PrecisionRecall(float(precision), float(recall), threshold)


def _overlap(
    active: Bool[np.ndarray, "time"], other: Bool[np.ndarray, "time"], bias: Bias, cardinality: Cardinality
) -> tuple[Bool[np.ndarray, "runs"], Float[np.ndarray, "runs"]]:
    """Whether each run of active steps meets one of the other's, and the reward of its overlap."""
    runs = find_runs(active)
    lengths = runs.stop - runs.start
    first = np.cumsum(lengths) - lengths
    position = np.arange(lengths.sum()) - np.repeat(first, lengths) + 1
    weight = bias(position, np.repeat(lengths, lengths))
    covered = np.add.reduceat(weight * other[active], first) / np.add.reduceat(weight, first)
    met = count_overlaps(runs, find_runs(other))
    return met > 0, cardinality(met) * covered
