"""The embeddings that are compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from benchmarks.text.masked_words import train_masked_words
from tjepa_estimators import pretrain
from tjepa_estimators.jepa.config import as_preset
from tjepa_estimators.training.run import untrained

if TYPE_CHECKING:
    from benchmarks.text.measures import Embed
    from tjepa_estimators import PretrainedEncoder
    from tjepa_estimators.jepa.config import JEPAConfig
    from tjepa_estimators.training.config import TrainConfig

__all__ = ["ROWS", "TRAINED", "WEIGHTS", "from_weights"]

Row = Callable[[list[str], "TrainConfig"], "Embed"]
WEIGHTS = ("given weights", "given weights, then JEPA")
_PRESET = as_preset("text-tiny")
_ALONE = replace(_PRESET.jepa, variance=0.0, covariance=0.0)
"""The prediction of latents alone."""


def from_weights(folder: str, steps: int) -> dict[str, Row]:
    """A Hugging Face model as it comes, and after JEPA training of some steps on the texts."""
    from tjepa_text import from_hugging_face

    def given(texts: list[str], train: TrainConfig) -> Embed:  # noqa: ARG001 - one signature for all rows
        return from_hugging_face(folder, length=64, too_long="truncate", seed=train.seed).embed

    def trained(texts: list[str], train: TrainConfig) -> Embed:
        start = from_hugging_face(folder, length=64, too_long="truncate", seed=train.seed)
        some = {"steps": steps, "seed": train.seed, "precision": train.precision, "progress": False}
        return pretrain(texts, config="t-jepa", initial=start, train=some).embed

    return dict(zip(WEIGHTS, (given, trained), strict=True))


def _untrained(texts: list[str], train: TrainConfig) -> PretrainedEncoder:
    return untrained(texts, config="text-tiny", train={"seed": train.seed})


def _tfidf(texts: list[str], train: TrainConfig) -> Embed:
    words = TfidfVectorizer(sublinear_tf=True, min_df=2)
    counts = words.fit_transform(texts)
    directions = TruncatedSVD(min(_PRESET.jepa.dim, counts.shape[1] - 1), random_state=train.seed).fit(counts)
    return lambda given: np.asarray(directions.transform(words.transform(given)))


def _masked_words(texts: list[str], train: TrainConfig) -> Embed:
    return train_masked_words(_untrained(texts, train), texts, replace(train, learning_rate=3e-4)).embed


def _jepa(config: JEPAConfig, rate: float) -> Row:
    def embed(texts: list[str], train: TrainConfig) -> Embed:
        train = replace(train, learning_rate=rate)
        return pretrain(texts, config=config, encoder_config=_PRESET.encoder, train=train).embed

    return embed


TRAINED: Mapping[str, Row] = {
    "masked words": _masked_words,
    "JEPA": _jepa(_ALONE, 3e-4),
    "JEPA + covariance": _jepa(_PRESET.jepa, _PRESET.train["learning_rate"]),
    "JEPA + SIGReg": _jepa(replace(_ALONE, sigreg=0.2), 1e-3),
}
"""One network, which starts from the same weights and vocabulary; each has the best rate of those that were tried."""

ROWS: Mapping[str, Row] = {
    "random encoder": lambda texts, train: _untrained(texts, train).embed,
    "TF-IDF + SVD": _tfidf,
    **TRAINED,
}
"""From texts and settings of a training to an embedding."""
