"""All rows of the table: a name, and what scores every window after learning from the parts it may see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.cluster import KMeans
from sklearn.ensemble import RandomForestClassifier
from sktime.transformations.panel.rocket import MiniRocketMultivariate

from benchmarks.anomaly_prediction.encoder import RESOLUTIONS, codes, energy, features, novelty
from benchmarks.anomaly_prediction.rivals import patchtst, ts2vec
from tjepa_estimators.interop.sklearn.time_blocks import logistic_regression
from tjepa_estimators.tasks.levels import ChannelLevels
from tjepa_estimators.tasks.prediction_features import pooled

if TYPE_CHECKING:
    from jaxtyping import Float, Int

    from benchmarks.anomaly_prediction.datasets import Prediction

__all__ = ["CENTRES", "KERNELS", "LEAF", "METHODS", "TREES", "Method", "installed"]

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


def beside_levels(data: Prediction, seed: int, kind: str = "JEPA") -> Float[np.ndarray, "rows features"]:
    """Level and spread, and novelty beside the file's own training part; of kind ``"none"`` that of levels alone."""
    new = novelty(data, seed, "random" if kind == "none" else kind)
    return np.concatenate([levels(data, seed), new[:, :2] if kind == "none" else new], axis=1)


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
    "PatchTST": patchtst,
    "TS2Vec": ts2vec,
    "random encoder": partial(features, kind="random"),
    "mts-jepa-latent": partial(features, kind="latents", resolutions=(1,)),
    "mts-jepa, codes": codes,
    "JEPA, one resolution": partial(features, resolutions=RESOLUTIONS[:1]),
    "JEPA, all resolutions": features,
    "level novelty": partial(beside_levels, kind="none"),
    "level and random novelty": partial(beside_levels, kind="random"),
    "level and JEPA novelty": beside_levels,
}
_LOGISTIC = ("level and spread", "JEPA, all resolutions")
_PACKAGES = {"PatchTST": "transformers", "TS2Vec": "ts2vec"}
"""What some rows need beside the package's own requirements."""

METHODS: Mapping[str, Method] = {
    "all positive": all_positive,
    "persistence": persistence,
    "k-means, no labels": k_means,
    "JEPA energy, no labels": energy,
    **{f"{name}: logistic": partial(classified, _FEATURES[name], logistic) for name in _LOGISTIC},
    **{f"{name}: forest": partial(classified, made, forest) for name, made in _FEATURES.items()},
}


def installed() -> Mapping[str, Method]:
    """The rows whose packages are there."""
    missing = {name for name, package in _PACKAGES.items() if find_spec(package) is None}
    return {name: method for name, method in METHODS.items() if name.split(":")[0] not in missing}
