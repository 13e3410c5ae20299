"""The best that one threshold could do, chosen with the labels in hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from tjepa_estimators.tasks.metrics.inputs import check_scored
from tjepa_estimators.tasks.metrics.precision_recall import PrecisionRecall

if TYPE_CHECKING:
    from jaxtyping import Float, Real

__all__ = ["best_f1", "even_thresholds", "rank_thresholds"]

Metric = Callable[["Real[np.ndarray, 'time']", "Real[np.ndarray, 'time']", float], PrecisionRecall]
Thresholds = Callable[["Float[np.ndarray, 'time']"], "Float[np.ndarray, 'thresholds']"]

_TRIED = 100


def even_thresholds(scores: Float[np.ndarray, "time"]) -> Float[np.ndarray, "thresholds"]:
    """A hundred thresholds, evenly spaced from the lowest to the highest score, as TSB-AD tries them.

    One outlying score can push nearly all of them above the others: :func:`rank_thresholds` does not have this flaw.
    """
    return np.linspace(scores.min(), scores.max(), _TRIED)


def rank_thresholds(scores: Float[np.ndarray, "time"]) -> Float[np.ndarray, "thresholds"]:
    """The scores at a hundred evenly spaced ranks, which any increasing function of the scores leaves in place."""
    return np.sort(scores)[np.linspace(0, len(scores) - 1, _TRIED).astype(int)]


def best_f1(
    metric: Metric,
    scores: Real[np.ndarray, "time"],
    labels: Real[np.ndarray, "time"],
    thresholds: Thresholds = even_thresholds,
) -> PrecisionRecall:
    """Precision and recall at the threshold with the highest F1.

    The threshold is chosen on the very labels that judge it, so the F1 is what a detector could have reached, not
    what it reaches. It is here because published tables print it: with the defaults, the "R-based-F1" and
    "Affiliation-F" of TSB-AD. For a fair figure give the metric a threshold found on training data.

    Parameters
    ----------
    metric
        :func:`~tjepa_estimators.tasks.metrics.range_based.range_precision_recall`,
        :func:`~tjepa_estimators.tasks.metrics.affiliation.affiliation_precision_recall`, or a function like them.
    scores
        Higher is more abnormal, one for each step.
    labels
        1 where a step is abnormal, else 0.
    thresholds
        The thresholds to try, from the scores; the first of the best is taken.

    Raises
    ------
    DataError
        For scores that are not finite, unequal lengths, labels other than 0 and 1, or none that is 1.

    Examples
    --------
    >>> from tjepa_estimators.tasks.metrics import affiliation_precision_recall
    >>> best_f1(affiliation_precision_recall, [0.1, 0.2, 0.9, 0.3], [0, 0, 1, 0]).f1
    1.0
    """
    values, truth = check_scored(scores, labels)
    tried = (metric(values, truth, threshold) for threshold in thresholds(values).tolist())
    return max(tried, key=lambda found: found.f1)
