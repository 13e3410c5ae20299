"""Impossible settings are refused with what was given."""

from __future__ import annotations

import pytest

from tjepa_estimators.data.synthetic import SyntheticConfig
from tjepa_estimators.errors import ConfigError


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"count": 0}, "count is 0"),
        ({"count": 2.5}, r"count is 2\.5"),
        ({"length": 31}, "length is 31"),
        ({"seed": -1}, "seed is -1"),
        ({"seed": True}, "seed is True"),
        ({"events": 1.5}, r"events is 1\.5"),
        ({"gaps": float("nan")}, "gaps is nan"),
        ({"shares": {"saesonal": 1.0}}, "saesonal.*expected families among"),
        ({"shares": {"seasonal": -1.0, "counts": 2.0}}, "weights of at least 0"),
        ({"shares": {"seasonal": 0.0}}, "not all of them 0"),
        ({"shares": {}}, "not all of them 0"),
    ],
)
def test_an_impossible_setting_is_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        SyntheticConfig(**settings)
