from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("benchmarks", reason="installed without its repository")

from benchmarks.zero_shot.page import changes_table, relative_means
from benchmarks.zero_shot.results import Results


@pytest.fixture
def found():
    lines = [
        ("ETTh1", "seasonal naive", 2.0),
        ("ETTh1", "other", 1.0),
        ("exchange", "seasonal naive", 3.0),
        ("exchange", "other", 6.0),
        ("exchange", "partial", 3.0),
    ]
    return pd.DataFrame(lines, columns=["set", "row", "mase"])


def test_sets_count_alike_in_the_geometric_mean(found):
    means = relative_means(found, "mase", ["ETTh1", "exchange"])
    assert means["seasonal naive"] == pytest.approx(1.0)
    assert means["other"] == pytest.approx(1.0)  # half and twice


def test_a_row_that_lacks_a_set_has_no_mean(found):
    assert np.isnan(relative_means(found, "mase", ["ETTh1", "exchange"])["partial"])
    assert relative_means(found, "mase", ["exchange"])["partial"] == pytest.approx(1.0)


def test_returns_stand_relative_to_repeating_the_last_price():
    lines = [("exchange", "repeat last", 0.2, 0.1, np.nan), ("exchange", "other", 0.3, 0.1, 0.55)]
    table = changes_table(
        pd.DataFrame(lines, columns=["set", "row", "change_mae", "change_mse", "direction"]), ["repeat last", "other"]
    )
    assert table.rows == [["repeat last", "1.000", "1.000", "–"], ["other", "1.500", "1.000", "55 %"]]


def test_numbers_found_with_other_weights_are_measured_again(tmp_path):
    page = tmp_path / "page.md"
    Results(page, "", ["row"]).record({"mase": 1.0}, "old", row="ours")
    results = Results(page, "", ["row"])
    assert results.has(weights="old", row="ours")
    assert not results.has(weights="new", row="ours")
    results.record({"mase": 2.0}, "new", row="ours")
    assert list(Results(page, "", ["row"]).table["mase"]) == [2.0]
