"""Areas under the curves of single steps, as scikit-learn computes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sklearn.metrics import average_precision_score, roc_auc_score

from tjepa_estimators.errors import DataError
from tjepa_estimators.tasks.metrics.inputs import check_scored

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Real

__all__ = ["auc_pr", "auc_roc"]


def auc_pr(scores: Real[np.ndarray, "time"], labels: Real[np.ndarray, "time"]) -> float:
    """Area under the precision-recall curve of single steps, between 0 and 1.

    Average precision, without interpolation. Constant scores get the share of abnormal steps.

    Parameters
    ----------
    scores
        Higher is more abnormal, one for each step.
    labels
        1 where a step is abnormal, else 0.

    Raises
    ------
    DataError
        For scores that are not finite, unequal lengths, labels other than 0 and 1, or none that is 1.

    Examples
    --------
    >>> auc_pr([0.1, 0.9, 0.8, 0.2], [0, 0, 1, 0])
    0.5
    """
    values, truth = check_scored(scores, labels)
    return float(average_precision_score(truth, values))


def auc_roc(scores: Real[np.ndarray, "time"], labels: Real[np.ndarray, "time"]) -> float:
    """Area under the receiver operating characteristic of single steps, between 0 and 1.

    The chance that an abnormal step scores above a normal one; ties count half. Constant scores get 0.5.
    With few abnormal steps it looks good where precision is poor: read it beside :func:`auc_pr`.

    Parameters
    ----------
    scores
        Higher is more abnormal, one for each step.
    labels
        1 where a step is abnormal, else 0.

    Raises
    ------
    DataError
        As :func:`auc_pr`, and where every step is labelled 1.

    Examples
    --------
    >>> auc_roc([0.1, 0.9, 0.8, 0.2], [0, 0, 1, 0])
    0.666...
    """
    values, truth = check_scored(scores, labels)
    if truth.all():
        msg = "Every step is labelled 1, so there is no false alarm to count. Only `auc_pr` is defined here."
        raise DataError(msg)
    return float(roc_auc_score(truth, values))
