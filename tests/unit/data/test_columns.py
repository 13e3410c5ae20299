"""Columns in the order of those that were fitted on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tjepa_estimators.data.columns import in_order
from tjepa_estimators.errors import DataError


def frame(*names):
    return pd.DataFrame(np.arange(len(names))[None], columns=list(names))


def test_names_are_matched():
    assert in_order(frame("b", "c", "a"), ["a", "b", "c"]).to_numpy().tolist() == [[2, 0, 1]]


@pytest.mark.parametrize(
    ("given", "known"),
    [(("x",), ["y"]), ((0, 1), ["a", "b"]), (("a", "b"), [0, 1]), (("a", "a"), ["a", "a"]), (("a",), ["a", "b"])],
    ids=["single", "array", "fitted on an array", "twice", "another number"],
)
def test_where_names_say_nothing_columns_stay_in_their_place(given, known):
    assert [*in_order(frame(*given), known).columns] == [*given]


@pytest.mark.parametrize("given", [("a", "c"), ("a", "a"), ("a", 0)])
def test_other_names_are_refused(given):
    with pytest.raises(DataError, match=r"fitted on \['a', 'b'\]"):
        in_order(frame(*given), ["a", "b"])
