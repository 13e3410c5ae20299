"""The benchmark of text: its measures know a perfect embedding, its rival learns, its table shows all rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("tjepa_text")

from benchmarks.text.__main__ import table
from benchmarks.text.corpora import GENRES, Corpora
from benchmarks.text.measures import measure
from benchmarks.text.rows import ROWS
from tjepa_estimators.training.config import TrainConfig

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


def test_the_table_has_a_row_for_each_embedding_and_columns_for_each_precision():
    names, precisions = ["JEPA", "random encoder", "JEPA", "JEPA"], ["32-true", "32-true", "32-true", "bf16-mixed"]
    seeds, found = [0, 0, 1, 0], [0.1, 0.2, 0.3, 0.4]
    lines = pd.DataFrame({"embedding": names, "precision": precisions, "seed": seeds, "stsb": found, "genre": found})
    assert table(lines).rows == [
        ["random encoder", "0.200", "0.200", "-", "-", "1"],
        ["JEPA", "0.200 ± 0.141", "0.200 ± 0.141", "0.400", "0.400", "2"],
    ]


def test_the_rival_is_the_same_network_with_other_weights():
    texts = ["to be or not to be that is the question"] * 20 + ["what a piece of work"]
    start, rival = (
        ROWS[name](texts, TrainConfig(steps=1))(["to be", "not to be"]) for name in ("random encoder", "masked words")
    )
    assert rival.shape == start.shape
    assert not np.array_equal(rival, start)


def test_the_rival_is_the_same_each_time():
    texts = ["to be or not to be that is the question"] * 20
    first, second = (ROWS["masked words"](texts, TrainConfig(steps=1))(["to be"]) for _ in range(2))
    np.testing.assert_array_equal(first, second)
