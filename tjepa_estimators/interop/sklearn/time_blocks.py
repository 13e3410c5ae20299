"""Choices for a classifier whose rows come in order of time: how strict it is, and where its threshold lies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import precision_recall_curve
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

if TYPE_CHECKING:
    from jaxtyping import Float, Int

__all__ = ["best_f1_threshold", "later_part", "logistic_regression"]

_BLOCKS = 5
_STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1)
"""Of scikit-learn's ``C``. There are often more features than windows, so all of them are strict."""
_UNSEEN = 1e-3
"""Strength where no block of time can judge."""
_LATER = 0.25
"""Share of the rows, the latest, that the threshold is chosen on."""
_ITERATIONS = 1000
_TIE = 1e-12
"""Differences of F1 below it are rounding."""


def logistic_regression(labels: Int[np.ndarray, "rows"]) -> Any:
    """A class-weighted logistic regression on standardised features.

    Its strength has the best area under the ROC curve in cross-validation over blocks of time, of those that leave
    both classes on either side; neighbours in time are alike, so shuffled folds would reward remembering them.

    Parameters
    ----------
    labels
        Of the rows that it will be fitted on.
    """
    model = make_pipeline(
        StandardScaler(), LogisticRegression(C=_UNSEEN, class_weight="balanced", max_iter=_ITERATIONS)
    )
    blocks = min(_BLOCKS, len(labels))
    splits = [
        (known, held)
        for known, held in KFold(blocks).split(labels)
        if len(np.unique(labels[known])) == len(np.unique(labels[held])) == 2
    ]
    if not splits:
        return model
    return GridSearchCV(model, {"logisticregression__C": _STRENGTHS}, scoring="roc_auc", cv=splits)


def later_part(labels: Int[np.ndarray, "rows"]) -> int | None:
    """Row at which the later part begins; None where either part would lack a class."""
    start = round((1.0 - _LATER) * len(labels))
    parts = labels[:start], labels[start:]
    return start if all(len(np.unique(part)) == 2 for part in parts) else None


def best_f1_threshold(
    scores: Float[np.ndarray, "rows"], labels: Int[np.ndarray, "rows"], default: float = 0.5
) -> float:
    """The threshold with the best F1, midway between two scores; of equally good ones the nearest to ``default``.

    Examples
    --------
    >>> round(best_f1_threshold(np.array([0.1, 0.2, 0.6, 0.9]), np.array([0, 0, 1, 1])), 6)
    0.4
    """
    precision, recall, found = precision_recall_curve(labels, scores)
    f1 = 2 * precision * recall / np.maximum(precision + recall, np.finfo(float).tiny)
    below = np.concatenate([[np.nextafter(found[0], -np.inf)], (found[:-1] + found[1:]) / 2])
    best = below[f1[:-1] >= f1[:-1].max() - _TIE]
    return float(best[np.abs(best - default).argmin()])
