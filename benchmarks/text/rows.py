"""The embeddings that are compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from benchmarks.text.masked_words import train_masked_words
from tjepa_estimators import pretrain
from tjepa_estimators.jepa.config import as_preset
from tjepa_estimators.settings import as_settings
from tjepa_estimators.training.config import TrainConfig
from tjepa_estimators.training.run import untrained

if TYPE_CHECKING:
    from benchmarks.text.measures import Embed

__all__ = ["JEPAS", "from_nothing", "from_weights"]

JEPAS: dict[str, dict[str, Any]] = {
    "JEPA": {},
    "JEPA + covariance": {"variance": 1.0, "covariance": 0.04},
    "JEPA + SIGReg": {"sigreg": 0.05},
}
"""Loss terms beside the prediction."""


def from_nothing(texts: list[str], steps: int, seed: int) -> Iterator[tuple[str, Embed]]:
    """The controls and the JEPAs, one network and one vocabulary for all."""
    preset = as_preset("text-tiny")
    train = as_settings(TrainConfig, preset.train | {"steps": steps, "seed": seed, "progress": False})
    random = untrained(texts, config="text-tiny", train={"seed": seed})
    yield "random encoder", random.embed
    yield "TF-IDF + SVD", _tfidf(texts, preset.jepa.dim, seed)
    yield "masked words", train_masked_words(random, texts, train).embed
    for name, terms in JEPAS.items():
        jepa = replace(random.info.jepa, **terms)
        yield name, pretrain(texts, config=jepa, encoder_config=preset.encoder, train=train).embed


def from_weights(folder: str, texts: list[str], steps: int, seed: int) -> Iterator[tuple[str, Embed]]:
    """A Hugging Face model as it comes, and after JEPA training on the texts."""
    from tjepa_text import from_hugging_face

    encoder = from_hugging_face(folder, length=64, too_long="truncate", seed=seed)
    yield "given weights", encoder.embed
    train = {"steps": steps, "seed": seed, "progress": False}
    yield "given weights, then JEPA", pretrain(texts, config="t-jepa", initial=encoder, train=train).embed


def _tfidf(texts: list[str], dim: int, seed: int) -> Embed:
    words = TfidfVectorizer(sublinear_tf=True, min_df=2)
    counts = words.fit_transform(texts)
    directions = TruncatedSVD(min(dim, counts.shape[1] - 1), random_state=seed).fit(counts)
    return lambda given: np.asarray(directions.transform(words.transform(given)))
