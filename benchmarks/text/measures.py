"""What an embedding is measured by: likeness of sentences, and genres of documents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import spearmanr
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

if TYPE_CHECKING:
    from benchmarks.text.corpora import Corpora

__all__ = ["Embed", "measure", "similarity"]

Embed = Callable[[Sequence[str]], np.ndarray]
"""Texts in, a row for each."""

_SENTENCES = 20
"""Sentences that stand for a document."""


def measure(embed: Embed, corpora: Corpora) -> dict[str, float]:
    """Spearman correlation on STS-B, and accuracy of a linear probe for the genre."""
    return {"stsb": similarity(embed, corpora), "genre": _genre(embed, corpora)}


def similarity(embed: Embed, corpora: Corpora) -> float:
    """Spearman correlation of cosines with what people say."""
    first, second = (embed(list(corpora.pairs[side])).astype(float) for side in ("s1", "s2"))
    norms = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    cosines = (first * second).sum(axis=1) / np.maximum(norms, 1e-12)
    return float(spearmanr(cosines, corpora.pairs["score"]).statistic)


def _genre(embed: Embed, corpora: Corpora) -> float:
    """Accuracy over five parts of the documents, each of which is in one part only."""
    begins = [document[:_SENTENCES] for document in corpora.documents]
    rows = embed([sentence for document in begins for sentence in document])
    ends = np.cumsum([len(document) for document in begins])
    means = np.stack([part.mean(axis=0) for part in np.split(rows, ends[:-1])])
    probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=500))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    return float(cross_val_score(probe, means, corpora.genres, cv=folds).mean())
