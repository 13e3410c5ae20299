"""The encoder of the benchmark, and the features that it gives: from the official training parts, without labels."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from benchmarks.anomaly_prediction.datasets import WINDOW
from tjepa_estimators import JEPAConfig, pretrain
from tjepa_estimators.tasks.anomaly.resolutions import at_resolution
from tjepa_estimators.tasks.prediction_features import PredictionFeatures
from tjepa_estimators.training.run import untrained

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float

    from benchmarks.anomaly_prediction.datasets import Prediction
    from tjepa_estimators import PretrainedEncoder

__all__ = ["JEPA", "RESOLUTIONS", "STEPS", "energy", "features", "make_encoder"]

JEPA = JEPAConfig(context_length=WINDOW, future_length=WINDOW, patch_length=10)
RESOLUTIONS = (1, 4)
STEPS = 1500


@lru_cache(maxsize=2)
def make_encoder(data: Prediction, seed: int, *, trained: bool = True) -> PretrainedEncoder:
    """Pretrain on the training parts and their averages; or take the random weights that this would start from."""
    views = [at_resolution(part, factor) for part in _alive(data.normal) for factor in RESOLUTIONS]
    train = {"steps": STEPS, "seed": seed, "threads": 1, "progress": False}
    return pretrain(views, config=JEPA, train=train) if trained else untrained(views, config=JEPA, train=train)


@lru_cache(maxsize=4)
def features(
    data: Prediction, seed: int, resolutions: tuple[int, ...], *, trained: bool = True
) -> Float[np.ndarray, "rows features"]:
    """What :class:`~tjepa_estimators.JEPAAnomalyPredictor` hands to its classifier."""
    return _fitted(data, seed, resolutions, trained=trained)(data.windows)


def energy(data: Prediction, seed: int) -> Float[np.ndarray, "rows"]:
    """What the predictor ranks by where it has no labels."""
    return _fitted(data, seed, RESOLUTIONS).energy(data.windows)


@lru_cache(maxsize=2)
def _fitted(data: Prediction, seed: int, resolutions: tuple[int, ...], *, trained: bool = True) -> PredictionFeatures:
    encoder = make_encoder(data, seed, trained=trained)
    return PredictionFeatures(encoder, {"resolutions": resolutions}).fit(data.normal_windows)


def _alive(parts: list[np.ndarray]) -> list[np.ndarray]:
    """The channels of each file that ever move; constant ones teach nothing, and most are."""
    moving = [part[:, part.std(axis=0) > 0] for part in parts]
    return [part for part in moving if part.shape[1]]
