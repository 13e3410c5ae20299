"""Scorers: how abnormal a window is, and how much each channel has to do with it.

Each works on all channels together, because some anomalies are no more than channels that do not go together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.neighbors import NearestNeighbors

if TYPE_CHECKING:
    from jaxtyping import Float

    from tjepa_estimators.tasks.anomaly.features import WindowFeatures

__all__ = ["SCORERS", "FromMean", "FromNeighbours", "FromSubspace", "PredictionError", "Scorer", "ScorerSettings"]


@dataclass(frozen=True, slots=True)
class ScorerSettings:
    """What every scorer is built from."""

    neighbours: int = 5
    top_channels: int | None = None
    sees_level: bool = True
    """Whether a new level is abnormal."""
    seed: int = 0


class Scorer(Protocol):
    """One kind of evidence that a window is abnormal."""

    def fit(self, features: WindowFeatures) -> Scorer:
        """Learn what is normal from training windows, at least one; returns itself."""
        ...

    def contributions(self, features: WindowFeatures) -> Float[np.ndarray, "windows channels"]:
        """What each channel adds, zero or more."""
        ...

    def __call__(self, features: WindowFeatures) -> Float[np.ndarray, "windows"]:
        """Evidence, zero or more, higher where more abnormal."""
        ...


class PredictionError:
    """How badly the latents of a window's newer half are predicted from what comes before its last quarter.

    A linear map, fitted on the training windows, takes the student's latents of all channels, and their levels where
    level is judged, to the teacher's latents of each: so a channel that stops going along with the others is an error,
    which a predictor of single channels could not know. Each channel is compared with its own errors in training; those
    with the highest excess count, the square root of their number: a mean over all would thin out what shows in a few,
    the single highest follows the noise.

    Source: prediction in latent space as I-JEPA (arXiv 2301.08243), its error as the anomaly score.
    """

    def __init__(self, settings: ScorerSettings) -> None:
        self._top, self._seed = settings.top_channels, settings.seed
        self._given = "past" if settings.sees_level else "context"

    def fit(self, features: WindowFeatures) -> PredictionError:
        """Learn to predict, and how large errors are in each channel."""
        self._space = features.subspace(self._given, self._seed)
        self._map = Ridge(_PENALTY).fit(self._space.project(features.joint(self._given)), features.joint("newer"))
        logs = self._logs(features)
        self._mean, self._deviation = logs.mean(axis=0), logs.std(axis=0) + _LEAST_DEVIATION
        return self

    def contributions(self, features: WindowFeatures) -> Float[np.ndarray, "windows channels"]:
        """Excess of each channel over its training errors; the root of a factor, so that several count."""
        return np.exp((self._logs(features) - self._mean) / self._deviation)

    def __call__(self, features: WindowFeatures) -> Float[np.ndarray, "windows"]:
        """Geometric mean over the highest channels."""
        excess = (self._logs(features) - self._mean) / self._deviation
        channels = excess.shape[1]
        count = math.isqrt(channels - 1) + 1 if self._top is None else min(self._top, channels)  # the root, rounded up
        return np.exp(np.partition(excess, channels - count, axis=1)[:, channels - count :].mean(axis=1))

    def _logs(self, features: WindowFeatures) -> Float[np.ndarray, "windows channels"]:
        predicted = self._map.predict(self._space.project(features.joint(self._given)))
        errors = _by_channel(features.joint("newer") - predicted.reshape(len(features), -1), features)
        return np.log(errors + _LEAST_ERROR)


_PENALTY = 1.0
"""Of the ridge regression, whose rows are of length one or so."""
_LEAST_ERROR = 0.03
"""Added to the squared error of latents of length one half: less than this says nothing."""
_LEAST_DEVIATION = 0.1
"""Added to the deviation of logarithms: a tenth of the error."""


class FromSubspace:
    """How far a window's joint latents lie from the directions in which training windows vary.

    Source: the residual of principal components (Sub-PCA) here in the latent space of a JEPA's teacher.
    """

    def __init__(self, settings: ScorerSettings) -> None:
        self._seed = settings.seed

    def fit(self, features: WindowFeatures) -> FromSubspace:
        """Find the directions."""
        self._space = features.subspace("shape", self._seed)
        return self

    def contributions(self, features: WindowFeatures) -> Float[np.ndarray, "windows channels"]:
        """Squared residual of each channel."""
        return _by_channel(self._space.residuals(features.joint("shape")), features)

    def __call__(self, features: WindowFeatures) -> Float[np.ndarray, "windows"]:
        """Squared residual."""
        return self._space.outside(features.joint("shape"))


class FromMean:
    """Mahalanobis' distance from the mean of the training windows, by latents or by level and spread.

    The level is no business of the encoder, which normalises each window; so it is judged beside the latents.
    """

    def __init__(self, settings: ScorerSettings, part: str = "shape") -> None:
        self._seed, self._part = settings.seed, part

    def fit(self, features: WindowFeatures) -> FromMean:
        """Measure mean and covariance."""
        self._space = features.subspace(self._part, self._seed)
        return self

    def contributions(self, features: WindowFeatures) -> Float[np.ndarray, "windows channels"]:
        """Squared whitened deviation of each channel."""
        return _by_channel(self._space.whitened(features.joint(self._part)), features)

    def __call__(self, features: WindowFeatures) -> Float[np.ndarray, "windows"]:
        """Squared distance."""
        return self.contributions(features).sum(axis=1)


class FromNeighbours:
    """How far a window's joint latents lie from those of the nearest training windows.

    Distances are taken along the leading components, and the rest of a window counts as a distance of its own.

    Source: a memory of normal features, as PatchCore (arXiv 2106.08265), here of latents of a JEPA's teacher.
    """

    def __init__(self, settings: ScorerSettings) -> None:
        self._seed, self._neighbours = settings.seed, settings.neighbours

    def fit(self, features: WindowFeatures) -> FromNeighbours:
        """Remember the training windows."""
        self._space = features.subspace("shape", self._seed)
        self._memory = self._space.project(features.joint("shape"))
        self._search = NearestNeighbors(n_neighbors=min(self._neighbours, len(features))).fit(self._memory)
        return self

    def contributions(self, features: WindowFeatures) -> Float[np.ndarray, "windows channels"]:
        """Squared difference of each channel from the mean of the neighbours."""
        rows = features.joint("shape")
        nearest = self._memory[self._search.kneighbors(self._space.project(rows))[1]].mean(axis=1)
        return _by_channel(rows - self._space.mean - nearest @ self._space.components, features)

    def __call__(self, features: WindowFeatures) -> Float[np.ndarray, "windows"]:
        """Squared mean distance."""
        rows = features.joint("shape")
        beside = self._search.kneighbors(self._space.project(rows))[0].mean(axis=1) ** 2
        return beside + self._space.outside(rows, components=len(self._space.components))


def _by_channel(
    deviations: Float[np.ndarray, "windows joint"], features: WindowFeatures
) -> Float[np.ndarray, "windows channels"]:
    return (deviations.reshape(*features.level.shape[:2], -1) ** 2).sum(axis=2)


SCORERS: Mapping[str, Callable[[ScorerSettings], Scorer]] = {
    "prediction": PredictionError,
    "subspace": FromSubspace,
    "mahalanobis": FromMean,
    "neighbours": FromNeighbours,
    "level": lambda settings: FromMean(settings, part="level"),
}
"""Scorers by the name that :class:`~tjepa_estimators.tasks.anomaly.AnomalyConfig` knows them by."""
