"""The training series raise no more alarms than are tolerated, and as many as that where they can."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tjepa_estimators.errors import ConfigError, ThresholdWarning
from tjepa_estimators.tasks.alarms import count_alarms
from tjepa_estimators.tasks.thresholds import AlarmRate

TIED = st.lists(st.lists(st.integers(0, 4).map(float), max_size=30).map(np.array), min_size=1, max_size=4).filter(
    lambda series: any(len(one) for one in series)
)


def alarms_at(series, threshold, gap=0):
    return count_alarms(series, gap, np.array([threshold]))[0]


@pytest.mark.filterwarnings("ignore::tjepa_estimators.errors.ThresholdWarning")
@given(series=TIED, tolerated=st.integers(0, 8), gap=st.integers(0, 5))
def test_it_is_the_lowest_threshold_that_keeps_the_rate_as_do_all_above_it(series, tolerated, gap):
    pooled = np.concatenate(series)
    candidates = np.unique(pooled)
    kept = [alarms_at(series, candidate, gap) <= tolerated for candidate in candidates]
    lowest = next(candidate for place, candidate in enumerate(candidates) if all(kept[place:]))
    assert AlarmRate(tolerated, len(pooled), gap)(series) == max(lowest, np.median(pooled))


def test_a_long_run_is_one_alarm():
    scores = np.zeros(1000)
    scores[100:150], scores[300:310], scores[700] = 3.0, 2.0, 1.0
    assert [AlarmRate(number)([scores]) for number in (0, 1, 2, 3)] == [3.0, 2.0, 1.0, 0.0]


@pytest.mark.parametrize(("scores", "gap"), [(np.sin(np.arange(1000) / 100), 0), (np.arange(1000.0) % 20, 20)])
def test_where_half_of_all_steps_raise_too_few_alarms_the_median_is_taken_with_a_warning(scores, gap):
    with pytest.warns(ThresholdWarning, match="50% of the training steps are in alarm; tolerate fewer alarms"):
        assert AlarmRate(10, 1000, gap)([scores]) == np.median(scores)


def test_a_rate_that_is_reached_and_scores_above_which_nothing_lies_are_no_reason_to_warn():
    scores = np.sin(np.arange(1000.0) / 100)
    for rule, one in ((AlarmRate(1), scores), (AlarmRate(0), scores), (AlarmRate(5), np.repeat([0.0, 1.0], [10, 90]))):
        assert rule([one]) >= np.median(one)


def test_the_rate_counts_alarms_in_proportion_to_the_steps(draws):
    series = draws()
    for number in (1, 5, 20):
        threshold = AlarmRate(number, 100)(series)
        assert alarms_at(series, threshold) <= number * 15.01
        assert alarms_at(series, np.nextafter(threshold, -np.inf)) > number * 15.01


def test_a_share_of_an_alarm_is_none():
    assert AlarmRate(1, 1000)([np.arange(999.0)]) == 998.0


def test_a_day_has_so_many_steps():
    assert AlarmRate.per_day(1, "5min").steps == 288
    assert AlarmRate.per_day(1, "h").steps == 24
    assert AlarmRate.per_day(7, "D") == AlarmRate(7, 1)
    assert AlarmRate.per_day(1, pd.Timedelta("30s"), gap=3) == AlarmRate(1, 2880, 3)


@pytest.mark.parametrize("step", ["MS", "month", "-1h", "0h", None])
def test_a_step_without_a_fixed_length_is_refused(step):
    with pytest.raises(ConfigError, match="fixed time"):
        AlarmRate.per_day(1, step)


@pytest.mark.timeout(120)  # a loop over a million thresholds takes hours
def test_a_million_steps_take_no_loop_over_thresholds():
    scores = np.random.default_rng(0).standard_normal(1_000_000)
    threshold = AlarmRate(gap=50)([scores])
    assert count_alarms([scores], 50, np.array([threshold]))[0] <= 1000
