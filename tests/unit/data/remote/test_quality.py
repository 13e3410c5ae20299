"""Faults of data are repaired, removed and counted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tjepa_estimators.data.remote.quality import QualityReport, tidy, warn_of
from tjepa_estimators.data.remote.rules import at_least, not_crossed, positive, spikes, within
from tjepa_estimators.errors import DataError, DataQualityWarning


def days(*numbers):
    return pd.DatetimeIndex([f"2024-01-{number:02d}" for number in numbers])


def close(*values):
    return pd.DataFrame({"close": [float(value) for value in values]})


def test_a_clean_frame_is_left_as_it_is():
    frame = close(1, 2, 3).set_axis(days(1, 2, 3))
    tidied, report = tidy(frame, name="x", frequency="D", rules=[positive(["close"]), spikes(["close"])])
    pd.testing.assert_frame_equal(tidied, frame, check_freq=False, check_names=False)
    assert report.is_clean


@given(st.permutations(range(1, 9)))
def test_the_order_of_rows_does_not_matter(order):
    frame = close(*order).set_axis(days(*order))
    tidied, report = tidy(frame, name="x", frequency="D")
    assert tidied["close"].tolist() == sorted(order)
    assert (report.num_unsorted > 0) == (list(order) != sorted(order))


def test_the_last_of_duplicates_counts():
    tidied, report = tidy(close(1, 2, 3, 4).set_axis(days(1, 2, 2, 2)), name="x")
    assert tidied["close"].tolist() == [1, 4]
    assert report.num_duplicates == 2


def test_closed_days_are_missing_and_no_fault():
    tidied, report = tidy(close(1, 2).set_axis(days(5, 9)), name="x", frequency="B")
    np.testing.assert_array_equal(tidied["close"], [1, np.nan, 2])
    assert report.num_gaps == 1
    assert report.is_clean


def test_rows_off_the_grid_are_left_out_and_counted():
    tidied, report = tidy(close(1, 2, 3).set_axis(days(5, 6, 8)), name="x", frequency="B")
    assert tidied["close"].tolist() == [1, 3]
    assert report.num_off_grid == 1


def test_values_that_break_a_rule_are_missing_and_counted_by_rule():
    frame = pd.DataFrame({"low": [1.0, 3.0, 0.0], "high": [2.0, 2.0, 2.0], "volume": [1.0, -1.0, 0.0]}).set_axis(
        days(1, 2, 3)
    )
    rules = [positive(["low", "high"]), not_crossed("low", "high"), at_least(["volume"])]
    tidied, report = tidy(frame, name="x", rules=rules)
    assert report.bad == {"not positive": 1, "high below low": 2, "below 0": 1}
    np.testing.assert_array_equal(tidied["low"], [1, np.nan, np.nan])
    np.testing.assert_array_equal(tidied["volume"], [1, np.nan, 0])


@pytest.mark.parametrize("value", [-10.0, 0.0, 10.0])
def test_a_low_and_a_high_that_are_equal_are_not_crossed(value):
    frame = pd.DataFrame({"low": [value, value], "high": [value, value - 1]})
    assert not_crossed("low", "high").find(frame)["high"].tolist() == [False, True]


def test_rules_of_one_name_are_counted_together():
    rules = [positive(["low"]), positive(["high"])]
    _, report = tidy(pd.DataFrame({"low": [-1.0], "high": [-2.0]}, index=days(1)), name="x", rules=rules)
    assert report.bad == {"not positive": 2}


def test_rules_for_columns_that_are_absent_find_nothing():
    _, report = tidy(close(1, 2).set_axis(days(1, 2)), name="x", rules=[positive(["open"]), not_crossed("low", "high")])
    assert report.is_clean


def test_without_rules_nothing_is_judged():
    tidied, report = tidy(close(1, -1000, 1).set_axis(days(1, 2, 3)), name="x")
    assert tidied["close"].tolist() == [1, -1000, 1]
    assert report.is_clean


@pytest.mark.parametrize(
    ("values", "marked"),
    [
        ([10, 1000, 10], [1]),
        ([10, 0.1, 10], [1]),
        ([10, np.nan, 1000, np.nan, 10], [2]),
        ([10, 1000, 1000], []),  # a new level
        ([10, 1, 1, 1], []),  # a split
        ([10, 40, 10], []),  # wild, but possible
        ([1000, 10, 10], []),  # nothing before it to judge by
        ([10, 1000, 1], []),  # no level to come back to
    ],
)
def test_a_spike_comes_back_at_once(values, marked):
    found = spikes(["close"]).find(close(*values))["close"]
    assert np.flatnonzero(found).tolist() == marked


def test_within_marks_what_is_outside():
    assert within(["close"], 0, 100).find(close(-1, 0, 100, 101, np.nan))["close"].tolist() == [1, 0, 0, 1, 0]


def test_the_frame_that_was_given_is_not_changed():
    frame = close(3, -1, 2).set_axis(days(3, 2, 1))
    before = frame.copy()
    tidy(frame, name="x", frequency="D", rules=[positive(["close"])])
    pd.testing.assert_frame_equal(frame, before)


def test_one_warning_tells_all_faults():
    reports = [QualityReport("A", 9), QualityReport("B", 9, num_duplicates=2), QualityReport("C", 9).noting("odd")]
    with pytest.warns(DataQualityWarning, match=r"'bars'") as caught:
        warn_of(reports, "bars")
    assert len(caught) == 1
    text = str(caught[0].message)
    assert "B, 9 rows: 2 rows with a time that comes again" in text
    assert "C, 9 rows: odd" in text
    assert "A" not in text


def test_clean_reports_warn_of_nothing():
    warn_of([QualityReport("A", 9, num_gaps=3)], "bars")


def test_an_index_without_times_is_refused():
    with pytest.raises(DataError, match=r"RangeIndex; expected times"):
        tidy(close(1, 2), name="x")
