"""Rules for thresholds keep what they promise on the scores that they were given."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import genpareto

from tjepa_estimators.errors import ConfigError, DataError
from tjepa_estimators.tasks.alarms import count_alarms
from tjepa_estimators.tasks.thresholds import AlarmRate, Contamination, PeaksOverThreshold, as_threshold

RULES = [Contamination(0.1), AlarmRate(3, 500), AlarmRate(3, 500, gap=4), PeaksOverThreshold()]
TIED = st.lists(st.lists(st.integers(0, 4).map(float), max_size=30).map(np.array), min_size=1, max_size=4).filter(
    lambda series: any(len(one) for one in series)
)


def draws(seed=0):
    generator = np.random.default_rng(seed)
    return [generator.gumbel(size=steps) for steps in (900, 1, 600)]


def alarms_at(series, threshold, gap=0):
    return count_alarms(series, gap, np.array([threshold]))[0]


# All rules


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_thresholds_move_and_scale_with_the_scores(rule):
    moved = rule([3.0 * one + 100.0 for one in draws()])
    assert moved == pytest.approx(3.0 * rule(draws()) + 100.0, rel=1e-6)


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_the_order_of_the_series_does_not_matter_and_they_stay_as_they_are(rule):
    series = draws()
    assert rule(series) == rule(series[::-1])
    for one, before in zip(series, draws(), strict=True):
        np.testing.assert_array_equal(one, before)


@pytest.mark.parametrize(
    "strict_to_loose",
    [
        [Contamination(share) for share in (0.001, 0.01, 0.1, 0.5)],
        [AlarmRate(number, 1000) for number in (0, 1, 2.5, 10, 100, 1000)],
        [AlarmRate(number, 1000, gap=10) for number in (0, 1, 2.5, 10, 100, 1000)],
        [PeaksOverThreshold(risk) for risk in (1e-8, 1e-5, 1e-3, 0.019)],
    ],
)
def test_who_tolerates_more_gets_a_lower_threshold(strict_to_loose):
    found = [rule(draws()) for rule in strict_to_loose]
    assert found == sorted(found, reverse=True)
    assert found[0] > found[-1]


@pytest.mark.parametrize("rule", RULES, ids=repr)
@pytest.mark.parametrize(
    "bad", [[], [np.array([])], [np.ones((3, 2))], np.ones(3)], ids=["none", "empty", "table", "one"]
)
def test_what_are_not_scores_of_series_is_refused(rule, bad):
    with pytest.raises(DataError, match=r"list of scores \[time\]"):
        rule(bad)


@pytest.mark.parametrize("rule", RULES, ids=repr)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_scores_that_are_not_finite_are_refused(rule, bad):
    with pytest.raises(DataError, match="NaN or infinity"):
        rule([*draws(), np.array([bad])])


# Contamination


@pytest.mark.parametrize("share", [0.01, 0.2, 0.5])
def test_the_share_of_all_steps_lies_above(share):
    assert np.mean(np.concatenate(draws()) > Contamination(share)(draws())) == pytest.approx(share, abs=0.001)


def test_nothing_of_a_constant_series_lies_above():
    for rule in (Contamination(), AlarmRate()):
        assert rule([np.full(50, 2.0)]) == 2.0


# Alarms


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


def test_the_rate_counts_alarms_in_proportion_to_the_steps():
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


# Extreme values


@pytest.mark.parametrize("shape", [-0.4, 0.0, 0.3])
@pytest.mark.parametrize("risk", [1e-3, 1e-4])
def test_a_quantile_that_was_hardly_seen_is_found(shape, risk):
    known = genpareto(shape)
    found = [PeaksOverThreshold(risk)([known.rvs(5000, random_state=seed)]) for seed in range(20)]
    assert np.median(found) == pytest.approx(known.isf(risk), rel=0.1)


def test_the_threshold_is_never_below_the_level():
    values = np.append(np.zeros(985), np.arange(1.0, 16.0))  # the share above the level is smaller than the risk
    assert PeaksOverThreshold(risk=0.019)([values]) == np.quantile(values, 0.98) == 0.0


@pytest.mark.parametrize("scores", [np.zeros(5000), np.arange(100.0), np.repeat(np.arange(5.0), 500)])
def test_too_few_different_peaks_are_refused_with_a_way_out(scores):
    with pytest.raises(DataError, match=r"lower level, give longer series, or use Contamination"):
        PeaksOverThreshold()([scores])


# Settings


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        (0.1, Contamination(0.1)),
        (np.float32(0.5), Contamination(0.5)),
        ("contamination", Contamination()),
        ("alarm_rate", AlarmRate()),
        ("pot", PeaksOverThreshold()),
        ({"share": 0.2}, Contamination(0.2)),
        ({"alarms": 2, "steps": 1440}, AlarmRate(2, 1440)),
        ({"alarms": 2, "gap": 5}, AlarmRate(2, gap=5)),
        ({"risk": 1e-4, "level": 0.9}, PeaksOverThreshold(1e-4, 0.9)),
    ],
)
def test_a_rule_may_be_given_in_short(given, rule):
    assert as_threshold(given) == rule
    assert as_threshold(rule) is rule


def test_a_rule_may_be_a_function():
    assert as_threshold(max) is max


@pytest.mark.parametrize("given", ["spot", True, None, {}, {"steps": 100}, {"alarms": 1, "risk": 0.001}, [0.1]])
def test_what_is_no_rule_is_refused_with_all_that_is(given):
    with pytest.raises(ConfigError, match=r"A threshold is a share .*'pot'.*'alarms'.* got "):
        as_threshold(given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (0.0, "0.5]; got 0.0"),
        (0.51, "0.5]; got 0.51"),
        (5, "0.5]; got 5.0"),
        (float("nan"), "0.5]; got nan"),
        ({"alarms": -1}, "alarms must be at least 0; got -1"),
        ({"alarms": 1, "steps": 0}, "steps must be at least 1; got 0"),
        ({"alarms": 1, "gap": -1}, "gap must be at least 0; got -1"),
        ({"alarms": "two"}, "expected float, but got 'two'"),
        ({"alarms": 1, "days": 1}, "AlarmRate knows"),
        ({"risk": 0.0}, "risk must lie between 0 and 1 - level"),
        ({"risk": 0.03}, "risk must lie between 0 and 1 - level"),
        ({"risk": 0.001, "level": 1.0}, "level must lie between 0 and 1; got 1.0"),
    ],
)
def test_impossible_settings_are_refused(given, message):
    with pytest.raises(ConfigError) as caught:
        as_threshold(given)
    assert message in str(caught.value)
