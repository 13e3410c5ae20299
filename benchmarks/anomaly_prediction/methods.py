"""All rows of the table: a name, and what scores every window after learning from the parts it may see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from sklearn.cluster import KMeans

from benchmarks.anomaly_prediction.encoder import RESOLUTIONS, make_encoder
from tjepa_estimators import JEPAAnomalyPredictor
from tjepa_estimators.interop.sklearn.time_blocks import logistic_regression
from tjepa_estimators.tasks.levels import ChannelLevels
from tjepa_estimators.tasks.prediction_features import pooled

if TYPE_CHECKING:
    from jaxtyping import Float

    from benchmarks.anomaly_prediction.datasets import Prediction

__all__ = ["CENTRES", "METHODS", "Method"]

CENTRES = 20

Method = Callable[["Prediction", int], "Float[np.ndarray, 'rows']"]


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


def on_features(
    features: Callable[[Prediction], Float[np.ndarray, "rows features"]], data: Prediction, seed: int
) -> Float[np.ndarray, "rows"]:  # noqa: ARG001 - as all methods
    """The predictor's own classifier, fitted on other features."""
    X, known = features(data), data.parts["train"]
    return logistic_regression(data.y[known]).fit(X[known], data.y[known]).predict_proba(X)[:, 1]


def raw(data: Prediction) -> Float[np.ndarray, "rows features"]:
    """All values of all channels."""
    return data.windows.reshape(len(data.windows), -1)


def levels(data: Prediction) -> Float[np.ndarray, "rows features"]:
    """Level and spread alone, without any latent."""
    return pooled(ChannelLevels().fit(data.normal_windows)(data.windows))


def predictor(
    resolutions: tuple[int, ...], data: Prediction, seed: int, *, trained: bool = True
) -> Float[np.ndarray, "rows"]:
    """Our classifier."""
    X, known = raw(data), data.parts["train"]
    made = _predictor(resolutions, data, make_encoder(data, seed, trained=trained))
    return made.fit(X[known], data.y[known], unlabelled=_normal(data)).predict_proba(X)[:, 1]


def energy(data: Prediction, seed: int) -> Float[np.ndarray, "rows"]:
    """Our predictor without labels."""
    made = _predictor(RESOLUTIONS, data, make_encoder(data, seed))
    return made.fit(_normal(data)).energy(raw(data))


def _predictor(resolutions: tuple[int, ...], data: Prediction, encoder: object) -> JEPAAnomalyPredictor:
    return JEPAAnomalyPredictor(n_channels=data.windows.shape[2], resolutions=resolutions, pretrained=encoder)


def _normal(data: Prediction) -> Float[np.ndarray, "windows features"]:
    return data.normal_windows.reshape(len(data.normal_windows), -1)


METHODS: Mapping[str, Method] = {
    "all positive": all_positive,
    "persistence": persistence,
    "k-means, no labels": k_means,
    "raw windows": partial(on_features, raw),
    "level and spread": partial(on_features, levels),
    "random encoder": partial(predictor, RESOLUTIONS, trained=False),
    "JEPA, one resolution": partial(predictor, RESOLUTIONS[:1]),
    "JEPA, all resolutions": partial(predictor, RESOLUTIONS),
    "JEPA energy, no labels": energy,
}
