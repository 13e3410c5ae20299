"""Settings that are refused, and what the others stand for."""

from __future__ import annotations

import pytest

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.settings import as_settings
from tjepa_estimators.tasks.anomaly import AnomalyConfig
from tjepa_estimators.tasks.thresholds import AlarmRate, Contamination


@pytest.mark.parametrize(
    "wrong",
    [{"contamination": 0.0}, {"contamination": 0.6}, {"window": 0}, {"neighbours": 0}, {"scores": ()},
     {"scores": ("guess",)}, {"top_channels": 0}, {"stride": 0}, {"max_windows": 0}, {"resolutions": ()},
     {"resolutions": (0,)}, {"resolutions": (4, 4)}, {"fusion": "median"}],
)  # fmt: skip
def test_impossible_settings_are_refused_by_name(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        AnomalyConfig(**wrong)


def test_an_impossible_threshold_is_refused_at_once():
    with pytest.raises(ConfigError, match="A threshold is a share"):
        AnomalyConfig(threshold="guess")


def test_the_threshold_is_the_contamination_unless_a_rule_is_given():
    assert AnomalyConfig(contamination=0.2).threshold_rule() == Contamination(0.2)
    assert AnomalyConfig(threshold={"alarms": 1, "steps": 1440}).threshold_rule() == AlarmRate(1, 1440)


def test_settings_may_come_from_json():
    given = as_settings(AnomalyConfig, {"resolutions": [1, 4], "scores": ["level"], "threshold": {"risk": 0.001}})
    assert (given.resolutions, given.scores) == ((1, 4), ("level",))
