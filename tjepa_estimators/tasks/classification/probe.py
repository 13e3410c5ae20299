"""A logistic regression on features, as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold

if TYPE_CHECKING:
    from jaxtyping import Float, Int

__all__ = ["Probe", "fit_probe"]

_STRENGTHS = (1e-3, 1e-2, 1e-1, 1.0, 10.0)
"""Of scikit-learn's ``C``."""
_UNSEEN = 1e-1
"""Strength where there are too few rows of a class to judge."""
_FOLDS, _FEWEST = 5, 3
_ITERATIONS = 2000


@dataclass(frozen=True, slots=True)
class Probe:
    """Standardised features to log-odds of classes."""

    mean: Float[np.ndarray, " features"]
    scale: Float[np.ndarray, " features"]
    weight: Float[np.ndarray, "classes features"]
    bias: Float[np.ndarray, " classes"]


def fit_probe(features: Float[np.ndarray, "rows features"], labels: Int[np.ndarray, " rows"], seed: int) -> Probe:
    """Fit a logistic regression; where each class has three rows or more, cross-validation chooses its strength.

    Parameters
    ----------
    features
        One row each.
    labels
        Classes from 0 on, each of which occurs.
    seed
        Of the shuffled folds.
    """
    mean, deviation = features.mean(axis=0), features.std(axis=0)
    scale = np.where(deviation > 0.0, deviation, 1.0)
    scaled, fewest = (features - mean) / scale, np.bincount(labels).min()
    model = LogisticRegression(C=_UNSEEN, max_iter=_ITERATIONS)
    if fewest >= _FEWEST:
        folds = StratifiedKFold(min(_FOLDS, int(fewest)), shuffle=True, random_state=seed)
        model = GridSearchCV(model, {"C": _STRENGTHS}, scoring="neg_log_loss", cv=folds)
    model.fit(scaled, labels)
    found = model.best_estimator_ if fewest >= _FEWEST else model
    weight, bias = found.coef_, found.intercept_
    if len(weight) == 1:  # of two classes, one set of log-odds
        weight, bias = np.concatenate([0.0 * weight, weight]), np.concatenate([0.0 * bias, bias])
    return Probe(mean, scale, weight, bias)
