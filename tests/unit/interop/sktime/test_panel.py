"""Panels hold the same values and times as the frames that they come from."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tjepa_estimators.errors import DataError
from tjepa_estimators.interop.sktime.panel import Panel


def frame_of(lengths, starts, freq="D"):
    """Series named by letters, each holding its own numbers."""
    times = pd.date_range("2024-01-01", periods=100, freq=freq)
    parts = {
        name: pd.DataFrame({"y": 100.0 * rank + np.arange(length)}, times[start : start + length])
        for rank, (name, length, start) in enumerate(zip("zyxwv", lengths, starts, strict=False))
    }
    return pd.concat(parts, names=["series", "day"])


panels = st.integers(1, 5).flatmap(
    lambda count: st.tuples(
        st.lists(st.integers(3, 20), min_size=count, max_size=count),
        st.lists(st.integers(0, 30), min_size=count, max_size=count),
    )
)


@given(panels)
def test_a_frame_comes_back_as_it_was(shape):
    frame = frame_of(*shape)
    pd.testing.assert_frame_equal(Panel.of(frame).frame(frame.columns), frame, check_freq=False)


@given(panels)
def test_interleaved_rows_are_sorted_by_series(shape):
    frame = frame_of(*shape)
    mixed = frame.sort_index(level=1, kind="stable")
    assert sorted(map(tuple, Panel.of(mixed).frame(frame.columns).reset_index().to_numpy())) == sorted(
        map(tuple, frame.reset_index().to_numpy())
    )
    assert len(Panel.of(mixed)) == len(shape[0])


@given(panels, st.integers(1, 8), st.data())
def test_a_window_is_what_slicing_gives(shape, length, data):
    frame = frame_of(*shape)
    panel = Panel.of(frame)
    series = data.draw(st.integers(0, len(panel) - 1))
    end = data.draw(st.integers(-3, shape[0][series] + 5))
    values = np.concatenate([np.full(20, np.nan), panel.arrays()[series][:, 0], np.full(20, np.nan)])
    window = panel.windows(np.array([series]), np.array([end]), length)[0, :, 0]
    np.testing.assert_array_equal(window, values[20 + end - length : 20 + end])


@given(panels, st.integers(0, 6))
def test_another_frame_is_aligned_by_series_and_time(shape, beyond):
    frame = frame_of(*shape)
    panel = Panel.of(frame)
    known = frame.set_axis(["x"], axis=1).sample(frac=0.7, random_state=0) if len(frame) > 2 else frame
    aligned = panel.aligned(known, beyond)
    assert aligned.lengths.tolist() == [length + beyond for length in shape[0]]
    expected = known.reindex(frame.index)["x"]
    for rank, name in enumerate("zyxwv"[: len(panel)]):
        values = aligned.arrays()[rank][:, 0]
        np.testing.assert_array_equal(values[: shape[0][rank]], expected.loc[name])
        assert np.isnan(values[shape[0][rank] :]).all()


@pytest.mark.parametrize("freq", ["D", "B", "W", "MS", "ME", "QS", "YE", "h", "15min"])
def test_steps_before_and_after_a_series_have_their_times(freq):
    times = pd.date_range("2000-01-01", periods=40, freq=freq)
    for index in (times[10:30], pd.DatetimeIndex(list(times[10:30]))):
        panel = Panel.of(pd.DataFrame({"y": np.zeros(20)}, index))
        around = panel.index(np.zeros(40, int), np.arange(-10, 30))
        assert list(around) == list(times)


@pytest.mark.parametrize(
    "change",
    [
        lambda frame: frame.drop(frame.index[4]),
        lambda frame: pd.concat([frame.iloc[:5], frame.iloc[4:]]),
        lambda frame: frame.iloc[::-1],
    ],
    ids=["skips", "repeats", "reorders"],
)
@pytest.mark.parametrize("index", [pd.RangeIndex(10), pd.period_range("2000", periods=10, freq="M")], ids=type)
def test_steps_that_do_not_follow_each_other_are_an_error(index, change):
    with pytest.raises(DataError, match="skips, repeats or reorders"):
        Panel.of(change(pd.DataFrame({"y": np.arange(10.0)}, index)))
