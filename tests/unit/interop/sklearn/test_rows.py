"""Rows of estimators: each is one item of the tokenizer, and none is lost."""

from __future__ import annotations

import numpy as np
import pytest

from tests import grids
from tjepa_estimators import JEPAClassifier, JEPAFeatures
from tjepa_estimators.errors import DataError
from tjepa_estimators.interop.sklearn.rows import check_count, shaped, validated

FLAT = np.arange(24.0).reshape(2, 12)


@pytest.mark.parametrize("X", [FLAT, FLAT.tolist(), FLAT.reshape(2, 4, 3)])
def test_rows_become_a_list_of_items_of_the_shape(X):
    items = shaped(X, 1, (4, 3), has_tokenizer=True)
    assert isinstance(items, list)
    np.testing.assert_array_equal(items, FLAT.reshape(2, 4, 3))


def test_a_column_becomes_a_list_and_what_is_neither_array_nor_column_stays():
    assert shaped(np.array(["to be", "or not"], dtype=object), 1, None, has_tokenizer=True) == ["to be", "or not"]
    assert shaped("a folder", 1, None, has_tokenizer=True) == "a folder"


@pytest.mark.parametrize("has_tokenizer", [True, False])
def test_masked_values_are_missing_values(has_tokenizer):
    masked = np.ma.masked_equal(FLAT.astype(int), 5)
    found = validated(JEPAFeatures(), masked, has_tokenizer=has_tokenizer)
    np.testing.assert_array_equal(found, np.where(FLAT == 5, np.nan, FLAT))


def test_other_numbers_of_samples_than_rows_are_refused():
    check_count(2, [1, 2])
    check_count(7, "a folder")
    with pytest.raises(DataError, match="6 rows became 1 samples"):
        check_count(1, [0] * 6)


@pytest.mark.parametrize("make", [JEPAFeatures, JEPAClassifier])
def test_a_tokenizer_that_loses_rows_is_found_out(make, monkeypatch):
    grids.install(monkeypatch)
    X, y = np.random.default_rng(0).standard_normal((20, 4, 3)), np.arange(20) % 2
    fitted = make(config="grid-tiny").fit(X, y)
    monkeypatch.setattr(grids.GridConfig, "rows", lambda _, items: grids.Cells(np.asarray(items)[:1]))
    with pytest.raises(DataError, match="20 rows became 1 samples"):
        (fitted.transform if make is JEPAFeatures else fitted.predict)(X)
