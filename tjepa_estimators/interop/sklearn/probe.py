"""A logistic regression on standardised features, as strict as held-out rows want it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

if TYPE_CHECKING:
    from jaxtyping import Float, Int

__all__ = ["fit_probe", "linear_map"]

_STRENGTHS = (1e-3, 1e-2, 1e-1, 1.0, 10.0)
"""Of scikit-learn's ``C``."""
_UNJUDGED = 0.1
"""Strength where classes have too few rows to be judged on."""
_FOLDS = 3
_FEWEST = 2 * _FOLDS
"""Rows that each class must have for the strength to be chosen."""
_ITERATIONS = 1000


def fit_probe(features: Float[np.ndarray, "rows features"], labels: Int[np.ndarray, "rows"]) -> Any:
    """Fit it; its strength has the lowest log loss in cross-validation, if each class has six rows or more."""
    regression = LogisticRegression(C=_UNJUDGED, max_iter=_ITERATIONS)
    model = make_pipeline(StandardScaler(), regression)
    if np.bincount(labels).min() < _FEWEST:
        return model.fit(features, labels)
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=0)
    search = GridSearchCV(model, {"logisticregression__C": _STRENGTHS}, scoring="neg_log_loss", cv=folds)
    return search.fit(features, labels).best_estimator_


def linear_map(probe: Any) -> tuple[Float[np.ndarray, "classes features"], Float[np.ndarray, "classes"]]:
    """Weights and biases of the logits that a probe gives raw features; of two classes, the first one's are zero."""
    scaler, regression = probe[0], probe[-1]
    weight, bias = regression.coef_, regression.intercept_
    if len(regression.classes_) == 2:
        weight, bias = np.concatenate([0.0 * weight, weight]), np.concatenate([0.0 * bias, bias])
    weight = weight / scaler.scale_
    return weight, bias - weight @ scaler.mean_
