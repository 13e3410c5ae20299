"""The features that are compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from sklearn.decomposition import PCA

from benchmarks.vision.masked_pixels import train_masked_pixels
from tjepa_estimators import pretrain
from tjepa_estimators.jepa.config import MaskConfig, TokenizerConfig, as_preset
from tjepa_estimators.settings import as_settings
from tjepa_estimators.training.config import TrainConfig
from tjepa_estimators.training.run import untrained

if TYPE_CHECKING:
    import numpy as np

    from benchmarks.vision.probes import Embed
    from tjepa_estimators import PretrainedEncoder
    from tjepa_estimators.jepa.config import JEPAConfig

__all__ = ["ROWS"]

_PRESET = as_preset("image-tiny")
_BASE = replace(_PRESET.jepa, tokenizer=TokenizerConfig(kind="image-patches", options={"patch": 7}))
_RANDOM = MaskConfig(kind="random", options={"ratio": 0.75})
_BLOCKS = MaskConfig(kind="image-block")


def _pixels(images: np.ndarray, steps: int, seed: int) -> Embed:  # noqa: ARG001 - one signature for all rows
    return lambda given: given.reshape(len(given), -1) / 255.0


def _principal(images: np.ndarray, steps: int, seed: int) -> Embed:
    flat = _pixels(images, steps, seed)
    components = PCA(_BASE.dim, random_state=seed).fit(flat(images))
    return lambda given: components.transform(flat(given))


def _untrained(images: np.ndarray, seed: int) -> PretrainedEncoder:
    return untrained(images, config=_BASE, encoder_config=_PRESET.encoder, train={"seed": seed})


def _painted(images: np.ndarray, steps: int, seed: int) -> Embed:
    return train_masked_pixels(_untrained(images, seed), images, _train(steps, seed)).embed


def _jepa(config: JEPAConfig) -> Callable[[np.ndarray, int, int], Embed]:
    def embed(images: np.ndarray, steps: int, seed: int) -> Embed:
        return pretrain(images, config=config, encoder_config=_PRESET.encoder, train=_train(steps, seed)).embed

    return embed


def _train(steps: int, seed: int) -> TrainConfig:
    return as_settings(TrainConfig, _PRESET.train | {"steps": steps, "seed": seed, "progress": False})


ROWS: Mapping[str, Callable[[np.ndarray, int, int], Embed]] = {
    "raw pixels": _pixels,
    "principal components": _principal,
    "random encoder": lambda images, _, seed: _untrained(images, seed).embed,
    "masked pixels": _painted,
    "JEPA, random mask, no invariance": _jepa(replace(_BASE, masking=(_RANDOM,), invariance=None)),
    "JEPA, random mask": _jepa(replace(_BASE, masking=(_RANDOM,))),
    "JEPA, blocks": _jepa(replace(_BASE, masking=(_BLOCKS,))),
    "JEPA, half at random and blocks": _jepa(_BASE),
}
"""From images to train on, steps and a seed to an embedding."""
