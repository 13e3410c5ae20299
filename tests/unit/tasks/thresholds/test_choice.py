"""A rule may be given in short, and what is none is refused."""

from __future__ import annotations

import numpy as np
import pytest

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.tasks.thresholds import AlarmRate, Contamination, PeaksOverThreshold, as_threshold


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
