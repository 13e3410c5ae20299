from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("benchmarks", reason="installed without its repository")

from benchmarks.zero_shot.windows import HISTORY, drawn, joined, rolling


@pytest.fixture
def values():
    return np.arange(3000.0)[:, None] + [0.0, 10_000.0]


def test_a_history_ends_where_its_truth_begins(values):
    for one in rolling(values, 2500, horizon=48, season=24):
        np.testing.assert_allclose(one.histories[:, -1] + 1, one.truth[:, 0])


def test_truths_cover_the_part_to_score_once_and_nothing_before_it(values):
    first, _ = rolling(values, 2500, horizon=100, season=1)
    np.testing.assert_allclose(first.truth.ravel(), values[2500:, 0])


def test_what_lies_before_the_beginning_of_a_series_is_missing(values):
    one, _ = rolling(values, 100, horizon=2900, season=1)
    assert np.isnan(one.histories[0, : HISTORY - 100]).all()
    np.testing.assert_allclose(one.recent(100)[0], values[:100, 0])


def test_an_origin_needs_some_history_and_some_truth(values):
    values[2100:2200, 0] = np.nan
    first, second = rolling(values[:2300], 0, horizon=50, season=1)
    assert len(second) - len(first) == 2
    assert second.truth[0, 0] == pytest.approx(10_100.0)  # 0 and 50 steps before an origin are too few


def test_the_same_windows_are_drawn_every_time_in_their_order(values):
    found = joined(list(rolling(values, 1000, horizon=10, season=1)))
    some = drawn(found, 20)
    np.testing.assert_array_equal(some.truth, drawn(found, 20).truth)
    assert len(some) == 20
    assert (np.diff(some.truth[:, 0]) > 0).all()
    assert drawn(found, 1000) is found
