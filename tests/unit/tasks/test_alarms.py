"""Alarms are runs, counted at all thresholds at once as one would count them one by one."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from tjepa_estimators.tasks.alarms import Alarm, count_alarms, find_alarms

TIED = st.lists(st.lists(st.integers(0, 4).map(float), max_size=30).map(np.array), min_size=1, max_size=4)


def slowly(series, gap, threshold):
    """Walk along each series, and let ``gap`` quiet steps pass."""
    number = 0
    for one in series:
        quiet = gap + 1
        for score in one:
            if score > threshold:
                number += quiet > gap
                quiet = 0
            else:
                quiet += 1
    return number


@given(series=TIED, gap=st.integers(0, 40))
def test_the_sweep_counts_as_the_slow_loop(series, gap):
    thresholds = np.array([2.5, -1.0, 0.0, 4.0, 1.0, 3.0])
    wanted = [slowly(series, gap, threshold) for threshold in thresholds]
    assert count_alarms(series, gap, thresholds).tolist() == wanted


def test_quiet_steps_join_runs_up_to_the_gap():
    scores = np.array([1.0, 0, 0, 1])
    counts = [count_alarms([scores], gap, np.zeros(1))[0] for gap in (0, 1, 2, 3)]
    assert counts == [2, 2, 1, 1]


def test_runs_do_not_go_on_in_the_next_series():
    assert count_alarms([np.ones(3), np.ones(3)], 9, np.zeros(1)).tolist() == [2]


@given(series=TIED, gap=st.integers(0, 40), threshold=st.sampled_from([-1.0, 0.0, 2.5, 4.0]))
def test_as_many_alarms_are_found_as_are_counted(series, gap, threshold):
    found = sum(len(find_alarms(one, threshold, gap)) for one in series)
    assert found == count_alarms(series, gap, np.array([threshold]))[0]


@given(scores=st.lists(st.integers(0, 4).map(float), max_size=30).map(np.array), gap=st.integers(0, 5))
def test_alarms_cover_the_steps_above_the_threshold_and_begin_and_end_with_one(scores, gap):
    alarms = find_alarms(scores, 2.0, gap)
    covered = [step for alarm in alarms for step in range(alarm.start, alarm.stop)]
    assert set(np.flatnonzero(scores > 2.0)) <= set(covered)
    assert all(scores[alarm.start] > 2.0 and scores[alarm.stop - 1] > 2.0 for alarm in alarms)
    assert all(scores[alarm.peak] == alarm.score == scores[alarm.start : alarm.stop].max() for alarm in alarms)


def test_without_a_gap_the_steps_of_alarms_are_just_those_above_the_threshold():
    scores = np.array([3.0, 0, 2, 2, 1, 3])
    assert find_alarms(scores, 1.0) == [Alarm(0, 1, 0, 3.0), Alarm(2, 4, 2, 2.0), Alarm(5, 6, 5, 3.0)]


def test_missing_scores_raise_no_alarm():
    assert find_alarms(np.array([np.nan, 0.0, np.nan]), 0.0) == []


def test_alarms_are_at_positions_whatever_the_index():
    scores = pd.Series([0.0, 2.0, 3.0], pd.date_range("2024-01-01", periods=3))
    assert find_alarms(scores, 1.0) == [Alarm(1, 3, 2, 3.0)]
