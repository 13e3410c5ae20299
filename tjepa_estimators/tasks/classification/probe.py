"""A logistic regression on features, as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jaxtyping import Bool, Float, Int

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


def fit_probe(
    features: Float[np.ndarray, "rows features"],
    labels: Int[np.ndarray, " rows"],
    seed: int,
    blocks: Sequence[Bool[np.ndarray, " features"]] = (),
) -> Probe:
    """Fit a logistic regression.

    Where each class has three rows or more, cross-validation chooses its strength and, of all features and each of the
    blocks alone, what it reads: with few rows, features that tell nothing drown those that do.

    Parameters
    ----------
    features
        One row each.
    labels
        Classes from 0 on, each of which occurs.
    seed
        Of the shuffled folds.
    blocks
        Features that may do without the others.
    """
    mean, deviation = features.mean(axis=0), features.std(axis=0)
    scale = np.where(deviation > 0.0, deviation, 1.0)
    scaled, fewest, every = (features - mean) / scale, int(np.bincount(labels).min()), np.ones(len(mean), bool)
    if fewest < _FEWEST:
        chosen, model = every, LogisticRegression(C=_UNSEEN, max_iter=_ITERATIONS).fit(scaled, labels)
    else:
        folds = StratifiedKFold(min(_FOLDS, fewest), shuffle=True, random_state=seed)
        searches = [(block, _search(folds).fit(scaled[:, block], labels)) for block in (every, *blocks)]
        chosen, best = max(searches, key=lambda one: one[1].best_score_)  # of equally good ones, the first
        model = best.best_estimator_
    weight = np.zeros((len(model.coef_), len(mean)))
    weight[:, chosen] = model.coef_
    bias = model.intercept_
    if len(weight) == 1:  # of two classes, one set of log-odds
        weight, bias = np.concatenate([0.0 * weight, weight]), np.concatenate([0.0 * bias, bias])
    return Probe(mean, scale, weight, bias)


def _search(folds: StratifiedKFold) -> GridSearchCV:
    model = LogisticRegression(max_iter=_ITERATIONS)
    return GridSearchCV(model, {"C": _STRENGTHS}, scoring="neg_log_loss", cv=folds)
