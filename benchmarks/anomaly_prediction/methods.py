"""All rows of the table: a name, and what scores every window after learning from the parts it may see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.cluster import KMeans
from sklearn.ensemble import RandomForestClassifier
from sktime.transformations.panel.rocket import MiniRocketMultivariate

from benchmarks.anomaly_prediction.encoder import RESOLUTIONS, energy, features
from tjepa_estimators.interop.sklearn.time_blocks import logistic_regression
from tjepa_estimators.tasks.levels import ChannelLevels
from tjepa_estimators.tasks.prediction_features import pooled

if TYPE_CHECKING:
    from jaxtyping import Float, Int

    from benchmarks.anomaly_prediction.datasets import Prediction

__all__ = ["CENTRES", "KERNELS", "LEAF", "METHODS", "TREES", "Method"]

CENTRES = 20
KERNELS = 1000
TREES, LEAF = 300, 5

Method = Callable[["Prediction", int], "Float[np.ndarray, 'rows']"]
Features = Callable[["Prediction", int], "Float[np.ndarray, 'rows features']"]


def all_positive(data: Prediction, seed: int) -> Float[np.ndarray, "rows"]:  # noqa: ARG001 - as all methods
    """Always say yes."""
    return np.ones(len(data.y))


def persistence(data: Prediction, seed: int) -> Float[np.ndarray, "rows"]:  # noqa: ARG001 - as all methods
    """Say yes while an anomaly is going on. No detector knows that: it reads the labels of the current window."""
    return data.current.astype(float)


def k_means(data: Prediction, seed: int) -> Float[np.ndarray, "rows"]:
    """Distance to the nearest centre of the windows of the training parts; no labels."""
    known, asked = (part.reshape(len(part), -1) for part in (data.normal_windows, data.windows))
    return KMeans(CENTRES, n_init=1, random_state=seed).fit(known).transform(asked).min(axis=1)


def raw(data: Prediction, seed: int) -> Float[np.ndarray, "rows features"]:  # noqa: ARG001 - as all features
    """All values of all channels."""
    return data.windows.reshape(len(data.windows), -1)


def levels(data: Prediction, seed: int) -> Float[np.ndarray, "rows features"]:  # noqa: ARG001 - as all features
    """Level and spread alone, as the predictor sees them, without any latent."""
    return pooled(ChannelLevels().fit(data.normal_windows)(data.windows))


def rocket(data: Prediction, seed: int) -> Float[np.ndarray, "rows features"]:
    """Random convolutions, fitted without labels."""
    known, asked = (np.moveaxis(part, 1, 2).astype(np.float32) for part in (data.normal_windows, data.windows))
    return MiniRocketMultivariate(num_kernels=KERNELS, random_state=seed).fit(known).transform(asked).to_numpy()


def logistic(labels: Int[np.ndarray, "rows"], seed: int) -> Any:  # noqa: ANN401, ARG001 - an untyped estimator
    """What the predictor takes by default."""
    return logistic_regression(labels)


def forest(labels: Int[np.ndarray, "rows"], seed: int) -> Any:  # noqa: ANN401, ARG001 - an untyped estimator
    """What it may be given."""
    return RandomForestClassifier(TREES, min_samples_leaf=LEAF, class_weight="balanced_subsample", random_state=seed)


def classified(
    made: Features, classifier: Callable[[np.ndarray, int], Any], data: Prediction, seed: int
) -> Float[np.ndarray, "rows"]:
    """Probabilities of a classifier that was fitted on the rows it may see."""
    X, known = made(data, seed), data.parts["train"]
    return classifier(data.y[known], seed).fit(X[known], data.y[known]).predict_proba(X)[:, 1]


_FEATURES: Mapping[str, Features] = {
    "raw windows": raw,
    "level and spread": levels,
    "MiniRocket": rocket,
    "random encoder": partial(features, resolutions=RESOLUTIONS, trained=False),
    "JEPA, one resolution": partial(features, resolutions=RESOLUTIONS[:1]),
    "JEPA, all resolutions": partial(features, resolutions=RESOLUTIONS),
}

METHODS: Mapping[str, Method] = {
    "all positive": all_positive,
    "persistence": persistence,
    "k-means, no labels": k_means,
    "JEPA energy, no labels": energy,
    **{f"{name}: logistic": partial(classified, made, logistic) for name, made in _FEATURES.items()},
    **{f"{name}: forest": partial(classified, made, forest) for name, made in _FEATURES.items()},
}
