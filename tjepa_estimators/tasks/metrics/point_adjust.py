"""Point-adjusted F1, only ever beside what random scores get."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.tasks.metrics.best_threshold import best_f1, even_thresholds
from tjepa_estimators.tasks.metrics.inputs import alarms_above, check_scored
from tjepa_estimators.tasks.metrics.precision_recall import PrecisionRecall
from tjepa_estimators.tasks.metrics.runs import find_runs

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Real

    from tjepa_estimators.tasks.metrics.best_threshold import Thresholds

__all__ = ["PointAdjustedF1", "point_adjusted_f1"]


@dataclass(frozen=True, slots=True)
class PointAdjustedF1:
    """The figure of the scores and that of chance, to be printed together."""

    f1: float
    """Of the given scores, between 0 and 1."""
    random_f1: float
    """Of uniform random scores on the same labels, the mean over the draws."""


def point_adjusted_f1(
    scores: Real[np.ndarray, "time"],
    labels: Real[np.ndarray, "time"],
    *,
    thresholds: Thresholds = even_thresholds,
    draws: int = 5,
    seed: int = 0,
) -> PointAdjustedF1:
    """Best F1 of single steps after point adjustment, with that of random scores beside it.

    Point adjustment counts every step of an event as found once one of them is in alarm. A random detector has many
    tries at a long event, and catches it at a threshold that few normal steps reach, so that its F1 comes near 1
    where events are long: Kim et al. show it beating published methods. The figure says something about scores only
    by how far it is above the random one, and never ranks methods; it is here because older tables print nothing else.

    Parameters
    ----------
    scores
        Higher is more abnormal, one for each step.
    labels
        1 where a step is abnormal, else 0.
    thresholds
        The thresholds to try, from the scores; the default is TSB-AD's.
    draws
        Random detectors to average over.
    seed
        Seed of the random scores.

    Raises
    ------
    ConfigError
        For fewer than one draw.
    DataError
        For scores that are not finite, unequal lengths, labels other than 0 and 1, or none that is 1.

    Notes
    -----
    TSB-AD's code leaves the first step of a series unadjusted; this function treats it like the others.

    Source: Kim et al., "Towards a Rigorous Evaluation of Time-Series Anomaly Detection" (AAAI 2022, arXiv 2109.05257).

    Examples
    --------
    >>> labels = np.repeat([0, 1, 0], [800, 150, 50])
    >>> found = point_adjusted_f1(np.arange(1000) == 900, labels)
    >>> found.f1, found.random_f1 > 0.9
    (1.0, True)
    """
    values, truth = check_scored(scores, labels)
    if draws < 1:
        msg = f"draws={draws}, but the figure of random scores needs at least one draw."
        raise ConfigError(msg)
    generator = np.random.default_rng(seed)
    chance = [generator.random(len(truth)) for _ in range(draws)]
    own, *others = (best_f1(_adjusted, drawn, truth, thresholds).f1 for drawn in (values, *chance))
    return PointAdjustedF1(own, float(np.mean(others)))


def _adjusted(scores: Float[np.ndarray, "time"], truth: Bool[np.ndarray, "time"], threshold: float) -> PrecisionRecall:
    """Precision and recall of single steps, where an event with any alarm counts as alarmed throughout."""
    alarms = alarms_above(scores, threshold)
    events = find_runs(truth)
    alarmed = np.maximum.reduceat(np.append(alarms, False), np.stack(events, axis=1).ravel())[::2]
    hits = int((events.stop - events.start)[alarmed].sum())
    raised = hits + int(alarms[~truth].sum())
    return PrecisionRecall(hits / raised if raised else 0.0, hits / int(truth.sum()), threshold)
