"""The features that are compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from sklearn.decomposition import PCA

from benchmarks.vision.masked_pixels import train_masked_pixels
from tjepa_estimators import pretrain
from tjepa_estimators.jepa.config import MaskConfig, TokenizerConfig, as_preset
from tjepa_estimators.training.run import untrained

if TYPE_CHECKING:
    import numpy as np

    from benchmarks.vision.probes import Embed
    from tjepa_estimators import PretrainedEncoder
    from tjepa_estimators.jepa.config import JEPAConfig
    from tjepa_estimators.training.config import TrainConfig

__all__ = ["ROWS", "TRAINED"]

Row = Callable[["np.ndarray", "TrainConfig"], "Embed"]

_PRESET = as_preset("image-tiny")
_BASE = replace(_PRESET.jepa, tokenizer=TokenizerConfig(kind="image-patches", options={"patch": 7}))
_RANDOM = MaskConfig(kind="random", options={"ratio": 0.75})
_BLOCKS = MaskConfig(kind="image-block")


def _pixels(images: np.ndarray, train: TrainConfig) -> Embed:  # noqa: ARG001 - one signature for all rows
    return lambda given: given.reshape(len(given), -1) / 255.0


def _principal(images: np.ndarray, train: TrainConfig) -> Embed:
    flat = _pixels(images, train)
    components = PCA(_BASE.dim, random_state=train.seed).fit(flat(images))
    return lambda given: components.transform(flat(given))


def _untrained(images: np.ndarray, train: TrainConfig) -> PretrainedEncoder:
    return untrained(images, config=_BASE, encoder_config=_PRESET.encoder, train={"seed": train.seed})


def _jepa(config: JEPAConfig) -> Row:
    return lambda images, train: pretrain(images, config=config, encoder_config=_PRESET.encoder, train=train).embed


TRAINED: Mapping[str, Row] = {
    "masked pixels": lambda images, train: train_masked_pixels(_untrained(images, train), images, train).embed,
    "JEPA, random mask, prediction alone": _jepa(
        replace(_BASE, masking=(_RANDOM,), variance=0.0, covariance=0.0, invariance=None)
    ),
    "JEPA, random mask": _jepa(replace(_BASE, masking=(_RANDOM,))),
    "JEPA, blocks": _jepa(replace(_BASE, masking=(_BLOCKS,))),
    "JEPA, half at random and blocks": _jepa(_BASE),
}
"""One network, which starts from the same weights."""

ROWS: Mapping[str, Row] = {
    "raw pixels": _pixels,
    "principal components": _principal,
    "random encoder": lambda images, train: _untrained(images, train).embed,
    **TRAINED,
}
"""From images to train on and settings of a training to an embedding."""
