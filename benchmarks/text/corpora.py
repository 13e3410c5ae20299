"""The corpora: what is pretrained on, pairs of sentences with scores, and documents with genres."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pandas as pd

__all__ = ["GENRES", "Corpora", "read"]

GENRES = {
    "reportage": 44, "editorial": 27, "reviews": 17, "religion": 17, "hobbies": 36, "lore": 48, "letters": 75,
    "government": 30, "learned": 80, "fiction": 29, "mystery": 24, "science fiction": 6, "adventure": 29,
    "romance": 29, "humour": 9,
}  # fmt: skip
"""Genres of the Brown corpus, in its order, and their numbers of documents."""


@dataclass(frozen=True)
class Corpora:
    """What the benchmark reads."""

    documents: list[list[str]]
    """Documents of Brown, each a list of sentences."""
    genres: list[str]
    """The genre of each."""
    speeches: list[str]
    """Paragraphs of addresses of presidents."""
    pairs: pd.DataFrame
    """Test pairs of STS-B: ``s1``, ``s2`` and ``score``."""

    @property
    def texts(self) -> list[str]:
        """What is pretrained on: paragraphs, and three sentences of Brown at a time."""
        brown = (" ".join(doc[at : at + 3]) for doc in self.documents for at in range(0, len(doc), 3))
        return [*brown, *self.speeches]


def read(folder: Path) -> Corpora:
    """Read the folder ``text`` of the public data."""
    text = folder / "text"
    documents = [block.splitlines() for block in _paragraphs(text / "brown.txt.gz")]
    genres = list(chain.from_iterable([genre] * count for genre, count in GENRES.items()))
    if len(documents) != len(genres):
        raise ValueError(f"brown.txt.gz holds {len(documents)} documents, not {len(genres)}")
    speeches = [one for name in ("inaugural", "state_union") for one in _paragraphs(text / f"{name}.txt.gz")]
    pairs = pd.read_csv(text / "stsb.csv.gz")
    return Corpora(documents, genres, speeches, pairs[pairs["split"] == "test"].reset_index(drop=True))


def _paragraphs(file: Path) -> list[str]:
    whole = gzip.decompress(file.read_bytes()).decode("utf-8")
    return [block.strip() for block in whole.split("\n\n") if block.strip()]
