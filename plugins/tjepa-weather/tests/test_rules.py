"""What cannot be true becomes NaN and is counted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tjepa_weather.rules import MISSING_CODES, weather_rules
from tjepa_weather.variables import DAILY, HOURLY

from tjepa_estimators.data.remote.frames import FrameDomain
from tjepa_estimators.data.remote.quality import tidy
from tjepa_estimators.errors import DataQualityWarning


def tidied(frequency, **columns):
    index = pd.date_range("2024-01-01", periods=len(next(iter(columns.values()))), freq=frequency)
    return tidy(pd.DataFrame(columns, index=index), name="x", frequency=frequency, rules=weather_rules(frequency))


@pytest.mark.parametrize("code", MISSING_CODES)
def test_a_code_for_missing_is_missing_in_every_variable(code):
    for frequency, known in (("h", HOURLY), ("D", DAILY)):
        frame, report = tidied(frequency, **{name: [variable.high, code] for name, variable in known.items()})
        assert frame.iloc[1].isna().all()
        assert frame.iloc[0].notna().all()
        assert report.bad == {'that say "missing"': len(known)}


@pytest.mark.parametrize("name", HOURLY)
def test_both_bounds_are_plausible_and_what_is_beyond_them_is_not(name):
    variable = HOURLY[name]
    frame, report = tidied("h", **{name: [variable.low, variable.high, variable.low - 0.1, variable.high + 0.1]})
    assert frame[name].notna().tolist() == [True, True, False, False]
    (rule,) = report.bad
    assert name in rule


def test_a_minimum_above_its_maximum_discredits_both():
    frame, _ = tidied("D", temperature_min=[-5.0, 9.0, -5.0], temperature_max=[-5.0, 8.0, -1.0], wind=[1.0, 1.0, 1.0])
    assert frame.isna().to_numpy().tolist() == [[False] * 3, [True, True, False], [False] * 3]


def test_the_rules_serve_a_table_of_ones_own(tmp_path):
    hours = pd.date_range("2024-01-01", periods=4, freq="h")
    pd.DataFrame({"time": hours, "temperature": [1.0, -9999.0, 3.0, 4.0]}).to_csv(tmp_path / "roof.csv", index=False)
    with pytest.warns(DataQualityWarning, match=r'roof.*1 values that say "missing"'):
        mine = FrameDomain.from_csv(tmp_path / "roof.csv", time="time", frequency="h", rules=weather_rules("h"))
    (series,) = mine.series()
    np.testing.assert_array_equal(series.values[:, 0], [1, np.nan, 3, 4])
