"""Stamps on a grid, in UTC or as dates of the place."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tjepa_estimators.data.remote.grid import grid_of, local_dates, off_grid, on_grid, utc_stamps
from tjepa_estimators.errors import DataError


@pytest.mark.parametrize("frequency", ["D", "B", "h", "15min", "W-MON", "MS"])
def test_what_lies_on_a_grid_is_not_changed(frequency):
    index = pd.date_range("2024-01-01", periods=30, freq=frequency)
    frame = pd.DataFrame({"x": np.arange(30.0)}, index=index)
    pd.testing.assert_frame_equal(on_grid(frame, frequency), frame)
    assert len(off_grid(index, frequency)) == 0


@pytest.mark.parametrize("frequency", ["D", "B", "h", "15min", "W-MON", "MS"])
def test_a_step_that_is_missing_becomes_nan(frequency):
    index = pd.date_range("2024-01-01", periods=9, freq=frequency)
    frame = pd.DataFrame({"x": np.arange(9.0)}, index=index).drop(index[4])
    found = on_grid(frame, frequency)
    assert found.index.equals(index)
    assert np.flatnonzero(found["x"].isna()).tolist() == [4]


def test_a_grid_is_anchored_to_the_clock_not_to_the_first_stamp():
    index = pd.DatetimeIndex(["2024-01-01 00:07", "2024-01-01 01:00", "2024-01-01 02:00"])
    assert grid_of(index, "h")[0] == pd.Timestamp("2024-01-01")
    assert off_grid(index, "h").tolist() == [index[0]]


def test_a_wrong_frequency_is_refused():
    frame = pd.DataFrame({"x": 1.0}, index=pd.date_range("2024-01-01 00:30", periods=9, freq="h"))
    with pytest.raises(DataError, match="do not lie on the frequency 'D'"):
        on_grid(frame, "D")


def test_the_hour_that_comes_twice_in_autumn_is_two_hours_in_utc():
    local = pd.date_range("2024-11-03 00:00", periods=4, freq="h", tz="America/New_York")
    assert utc_stamps(local).equals(pd.date_range("2024-11-03 04:00", periods=4, freq="h"))


def test_a_daily_bar_belongs_to_the_date_of_its_exchange():
    opening = pd.DatetimeIndex(["2024-07-01 09:30"], tz="Asia/Hong_Kong")
    assert utc_stamps(opening)[0] == pd.Timestamp("2024-07-01 01:30")
    for stamps in (opening.tz_convert("UTC"), utc_stamps(opening)):
        assert local_dates(stamps, "Asia/Hong_Kong")[0] == pd.Timestamp("2024-07-01")
    assert local_dates(opening)[0] == pd.Timestamp("2024-07-01")
