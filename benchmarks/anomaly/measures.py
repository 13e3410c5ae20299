"""What scores are worth: the measures of the tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tjepa_estimators.tasks.metrics import (
    affiliation_precision_recall,
    auc_pr,
    auc_roc,
    best_f1,
    event_recall,
    period_buffer,
    point_adjusted_f1,
    rank_thresholds,
    volume_under_surface,
)

if TYPE_CHECKING:
    from jaxtyping import Float

    from benchmarks.anomaly.datasets import Labelled

__all__ = ["FALSE_ALARMS", "Measures", "judge"]

FALSE_ALARMS = 1.0
"""In 1,000 steps, at which event recall is read."""


@dataclass(frozen=True, kw_only=True)
class Measures:
    """Each between 0 and 1; higher is better."""

    vus_pr: float
    vus_roc: float
    auc_pr: float
    auc_roc: float
    affiliation_f1: float
    """At the best of a hundred thresholds."""
    event_recall: float
    point_adjusted_f1: float
    """At the best of a hundred thresholds; says nothing without that of random scores."""


def judge(scores: Float[np.ndarray, "test"], series: Labelled) -> Measures:
    """Compare the scores of the test part with its labels."""
    buffer = period_buffer(np.concatenate([series.train, series.test]))
    volume = volume_under_surface(scores, series.labels, buffer)
    return Measures(
        vus_pr=volume.pr,
        vus_roc=volume.roc,
        auc_pr=auc_pr(scores, series.labels),
        auc_roc=auc_roc(scores, series.labels),
        affiliation_f1=best_f1(affiliation_precision_recall, scores, series.labels, rank_thresholds).f1,
        event_recall=event_recall(scores, series.labels, FALSE_ALARMS).recall,
        point_adjusted_f1=point_adjusted_f1(scores, series.labels, thresholds=rank_thresholds, draws=1).f1,
    )
