"""Where windows end, and what they hold."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tjepa_estimators.tasks.anomaly.grid import cut_windows, window_ends

SIZES = {"length": st.integers(1, 80), "window": st.integers(1, 20), "stride": st.integers(1, 25)}


@given(**SIZES)
def test_ends_rise_by_at_most_a_stride_up_to_the_last_step(length, window, stride):
    ends = window_ends(length, window, stride)
    assert ends[0] == min(window, length)
    assert ends[-1] == length
    assert ((np.diff(ends) > 0) & (np.diff(ends) <= stride)).all()


@given(**SIZES, more=st.integers(0, 40))
def test_further_steps_change_no_end_but_the_last(length, window, stride, more):
    before, after = window_ends(length, window, stride), window_ends(length + more, window, stride)
    np.testing.assert_array_equal(before[:-1], after[: len(before) - 1])


@given(**SIZES, pieces=st.lists(st.integers(0, 30), max_size=6))
def test_ends_found_piece_by_piece_are_those_found_at_once(length, window, stride, pieces):
    ends, known = [0], 0
    for piece in pieces:
        known = min(length, known + piece)
        ends += window_ends(known, window, stride, after=ends[-1], is_last=False).tolist()
    ends += window_ends(length, window, stride, after=ends[-1]).tolist()
    assert ends[1:] == window_ends(length, window, stride).tolist()


def test_ends_far_from_the_start_cost_nothing():
    assert window_ends(10**15, 8, 4, after=10**15 - 4).tolist() == [10**15]


@given(length=st.integers(1, 30), window=st.integers(1, 12), seed=st.integers(0, 99))
def test_a_window_holds_the_steps_before_its_end(length, window, seed):
    rng = np.random.default_rng(seed)
    values, ends = rng.standard_normal((length, 2)), rng.integers(1, length + 1, size=5)
    for cut, end in zip(cut_windows(values, ends, window), ends, strict=True):
        held = values[max(0, end - window) : end]
        np.testing.assert_array_equal(cut[window - len(held) :], held)
        assert np.isnan(cut[: window - len(held)]).all()
