"""The benchmark of text: its measures know a perfect embedding, its rival learns, its table shows all rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.text.__main__ import table
from benchmarks.text.corpora import GENRES, Corpora
from benchmarks.text.measures import measure

WORDS = {"cat": (1.0, 0.0), "kitten": (0.9, 0.1), "stone": (0.0, 1.0)}


def embed(texts):
    return np.array([WORDS[text] for text in texts])


@pytest.fixture
def corpora():
    pairs = pd.DataFrame({"s1": ["cat"] * 3, "s2": ["cat", "kitten", "stone"], "score": [5.0, 4.0, 0.0]})
    return Corpora([["cat", "kitten"], ["stone"]] * 10, ["living", "dead"] * 10, ["a speech"], pairs)


def test_an_embedding_of_the_meaning_is_perfect(corpora):
    assert measure(embed, corpora) == {"stsb": pytest.approx(1.0), "genre": 1.0}


def test_an_embedding_that_is_the_wrong_way_round_is_told(corpora):
    corpora.pairs["score"] = corpora.pairs["score"].to_numpy()[::-1]
    assert measure(embed, corpora)["stsb"] == pytest.approx(-1.0)


def test_the_genres_are_those_of_the_whole_corpus():
    assert (len(GENRES), sum(GENRES.values())) == (15, 500)


def test_the_table_has_a_row_for_each_embedding():
    lines = pd.DataFrame({"embedding": ["b", "a", "b"], "seed": [0, 0, 1], "stsb": [0.1, 0.2, 0.3], "genre": 0.5})
    assert [row[0] for row in table(lines).rows] == ["b", "a"]
    assert table(lines).rows[0][1] == "0.200 ± 0.141"


def test_the_rival_is_the_same_network_with_other_weights():
    pytest.importorskip("tjepa_text")
    from benchmarks.text.rows import from_nothing

    texts = ["to be or not to be that is the question"] * 20
    rows = {name: give(["to be", "not to be"]) for name, give in from_nothing([*texts, "what a piece of work"], 1, 0)}
    assert list(rows)[:3] == ["random encoder", "TF-IDF + SVD", "masked words"]
    assert rows["masked words"].shape == rows["random encoder"].shape
    assert not np.array_equal(rows["masked words"], rows["random encoder"])
