"""What all rules for thresholds keep, on the scores that they were given."""

from __future__ import annotations

import numpy as np
import pytest

from tjepa_estimators.errors import DataError
from tjepa_estimators.tasks.thresholds import AlarmRate, Contamination, PeaksOverThreshold

RULES = [Contamination(0.1), AlarmRate(3, 500), AlarmRate(3, 500, gap=4), PeaksOverThreshold()]


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_thresholds_move_and_scale_with_the_scores(rule, draws):
    moved = rule([3.0 * one + 100.0 for one in draws()])
    assert moved == pytest.approx(3.0 * rule(draws()) + 100.0, rel=1e-6)


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_the_order_of_the_series_does_not_matter_and_they_stay_as_they_are(rule, draws):
    series = draws()
    assert rule(series) == rule(series[::-1])
    for one, before in zip(series, draws(), strict=True):
        np.testing.assert_array_equal(one, before)


@pytest.mark.filterwarnings("ignore::tjepa_estimators.errors.ThresholdWarning")
@pytest.mark.parametrize(
    "strict_to_loose",
    [
        [Contamination(share) for share in (0.001, 0.01, 0.1, 0.5)],
        [AlarmRate(number, 1000) for number in (0, 1, 2.5, 10, 100, 1000)],
        [AlarmRate(number, 1000, gap=10) for number in (0, 1, 2.5, 10, 100, 1000)],
        [PeaksOverThreshold(risk) for risk in (1e-8, 1e-5, 1e-3, 0.019)],
    ],
)
def test_who_tolerates_more_gets_a_lower_threshold(strict_to_loose, draws):
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
def test_scores_that_are_not_finite_are_refused(rule, bad, draws):
    with pytest.raises(DataError, match="NaN or infinity"):
        rule([*draws(), np.array([bad])])


def test_nothing_of_a_constant_series_lies_above():
    for rule in (Contamination(), AlarmRate()):
        assert rule([np.full(50, 2.0)]) == 2.0
