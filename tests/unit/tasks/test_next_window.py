"""Rows for predicting anomalies."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tjepa_estimators.errors import DataError
from tjepa_estimators.tasks.next_window import next_window_rows


@given(steps=st.integers(2, 40), window=st.integers(1, 9), stride=st.integers(1, 12))
def test_rows_are_those_of_a_plain_loop(steps, window, stride):
    if steps < 2 * window:
        return
    values, labels = np.arange(2.0 * steps).reshape(steps, 2), np.random.default_rng(steps).random(steps) < 0.2
    starts = [start for start in range(0, steps, stride) if start + 2 * window <= steps]
    rows = next_window_rows(values, labels, window, stride)
    np.testing.assert_array_equal(rows.X, [values[start : start + window].ravel() for start in starts])
    assert rows.y.tolist() == [int(labels[start + window : start + 2 * window].any()) for start in starts]
    assert rows.current.tolist() == [labels[start : start + window].any() for start in starts]


def test_windows_do_not_overlap_unless_asked_to():
    rows = next_window_rows(np.arange(12.0), np.zeros(12), window=3)
    assert rows.X[:, 0].tolist() == [0.0, 3.0, 6.0]


@pytest.mark.parametrize(
    ("steps", "labels", "window", "stride"), [(10, 9, 2, None), (5, 5, 3, None), (10, 10, 0, None), (10, 10, 2, 0)]
)
def test_what_gives_no_rows_is_refused(steps, labels, window, stride):
    with pytest.raises(DataError, match=r"Expected values|Cannot cut"):
        next_window_rows(np.zeros((steps, 1)), np.zeros(labels), window, stride)
