"""The encoders of the benchmark, and the features that they give: from the official training parts, without labels."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.anomaly_prediction.datasets import WINDOW
from tjepa_estimators import JEPAConfig, pretrain
from tjepa_estimators.jepa.codebook import CodebookConfig
from tjepa_estimators.jepa.config import PRESETS
from tjepa_estimators.tasks.anomaly.resolutions import at_resolution
from tjepa_estimators.tasks.prediction_features import PredictionFeatures
from tjepa_estimators.training.run import untrained

if TYPE_CHECKING:
    from jaxtyping import Float

    from benchmarks.anomaly_prediction.datasets import Prediction
    from tjepa_estimators import PretrainedEncoder

__all__ = ["CODES", "CODE_STEPS", "JEPA", "LATENT_STEPS", "RESOLUTIONS", "STEPS"]
__all__ += ["codes", "energy", "features", "make_encoder", "novelty"]

JEPA = JEPAConfig(context_length=WINDOW, future_length=WINDOW, patch_length=10)
RESOLUTIONS = (1, 4)
STEPS, LATENT_STEPS, CODE_STEPS = 1500, 500, 100

_PAPER = PRESETS["mts-jepa"]
CODES = replace(_PAPER.jepa, dim=64, predictor_dim=64, codebook=CodebookConfig(batch_entropy=1.0))
"""The paper's, but a quarter as wide and with a hundred times the weight on the use of all codes, without which three
codes win everything."""


@lru_cache(maxsize=4)
def make_encoder(data: Prediction, seed: int, kind: str = "JEPA") -> PretrainedEncoder:
    """Pretrain on the training parts; ``"random"`` gives the weights that ``"JEPA"`` starts from."""
    parts, train = _alive(data.normal), {"seed": seed, "threads": 1, "progress": False}
    if kind == "latents":
        return pretrain(parts, config="mts-jepa-latent", train={**train, "steps": LATENT_STEPS})
    if kind == "codes":
        train = {**_PAPER.train, **train, "steps": CODE_STEPS}
        return pretrain(parts, config=CODES, encoder_config={**_PAPER.encoder, "depth": 2}, train=train)
    views = [at_resolution(part, factor) for part in parts for factor in RESOLUTIONS]
    train["steps"] = STEPS
    return (untrained if kind == "random" else pretrain)(views, config=JEPA, train=train)


def features(
    data: Prediction, seed: int, kind: str = "JEPA", resolutions: tuple[int, ...] = RESOLUTIONS
) -> Float[np.ndarray, "rows features"]:
    """What :class:`~tjepa_estimators.JEPAAnomalyPredictor` hands to its classifier."""
    return _fitted(data, seed, kind, resolutions)(data.windows)


def codes(data: Prediction, seed: int) -> Float[np.ndarray, "rows features"]:
    """What the paper's classifier sees: codes of the window and of its forecast, fine and coarse."""
    made = PredictionFeatures(make_encoder(data, seed, "codes"), {"resolutions": (1,), "parts": ("codes",)})
    return made.fit(data.normal_windows)(data.windows)


def energy(data: Prediction, seed: int) -> Float[np.ndarray, "rows"]:
    """What the predictor ranks by where it has no labels."""
    return _fitted(data, seed, "JEPA", RESOLUTIONS).energy(data.windows)


@lru_cache(maxsize=4)
def novelty(data: Prediction, seed: int, kind: str = "JEPA") -> Float[np.ndarray, "rows novelties"]:
    """Novelty of levels, of spreads and of latents, each window beside the training part of its own file."""
    encoder = make_encoder(data, seed, kind)
    config = {"resolutions": RESOLUTIONS, "parts": ("novelty",)}
    made = np.empty((len(data.y), 2 + 2 * len(RESOLUTIONS)))
    for file in np.unique(data.file):
        rows = data.file == file
        made[rows] = PredictionFeatures(encoder, config).fit(data.usual(file))(data.windows[rows])
    return made


@lru_cache(maxsize=2)
def _fitted(data: Prediction, seed: int, kind: str, resolutions: tuple[int, ...]) -> PredictionFeatures:
    return PredictionFeatures(make_encoder(data, seed, kind), {"resolutions": resolutions}).fit(data.normal_windows)


def _alive(parts: list[np.ndarray]) -> list[np.ndarray]:
    """The channels of each file that ever move; constant ones teach nothing, and most are."""
    moving = [part[:, part.std(axis=0) > 0] for part in parts]
    return [part for part in moving if part.shape[1]]
