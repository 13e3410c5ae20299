"""How far paraphrases lie from unrelated sentences: the margin says it, a single cosine says nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tjepa_text.probe.sentences import TRIPLES

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["Semantics", "probe", "tfidf"]

Embed = Callable[[Sequence[str]], "Float[np.ndarray, 'texts dim']"]
"""Texts in, a row for each."""


@dataclass(frozen=True, slots=True)
class Semantics:
    """What the check found."""

    paraphrase: float
    """Mean cosine of a sentence and its paraphrase."""
    unrelated: float
    """Mean cosine of a sentence and the unrelated one."""
    ranked: float
    """Share of the triples in which the paraphrase is closer."""

    @property
    def margin(self) -> float:
        """By how much paraphrases are closer."""
        return self.paraphrase - self.unrelated


def probe(embed: Embed, triples: Sequence[tuple[str, str, str]] = TRIPLES) -> Semantics:
    """Embed all sentences and compare.

    Examples
    --------
    >>> probe(tfidf).ranked > 0.5
    True
    """
    anchors, same, other = (_unit(embed([triple[place] for triple in triples])) for place in range(3))
    paraphrase, unrelated = (anchors * same).sum(axis=1), (anchors * other).sum(axis=1)
    ranked = np.where(paraphrase == unrelated, 0.5, paraphrase > unrelated)
    return Semantics(float(paraphrase.mean()), float(unrelated.mean()), float(ranked.mean()))


def tfidf(texts: Sequence[str]) -> Float[np.ndarray, "texts dim"]:
    """The control that knows words only: their counts, rare ones counting more, among the sentences of the check."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    counts = TfidfVectorizer(sublinear_tf=True).fit([text for triple in TRIPLES for text in triple])
    return np.asarray(counts.transform(texts).toarray())


def _unit(rows: Float[np.ndarray, "texts dim"]) -> Float[np.ndarray, "texts dim"]:
    rows = np.asarray(rows, dtype=float)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.finfo(float).tiny)
