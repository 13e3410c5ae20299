"""The samples are the core's bundled series in our units, and need no network."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tjepa_weather.places import Places
from tjepa_weather.rules import weather_rules
from tjepa_weather.sample import bundled_sample
from tjepa_weather.stations import Stations
from tjepa_weather.variables import DAILY, HOURLY

from tjepa_estimators import load_domain
from tjepa_estimators.data.remote.quality import tidy


@pytest.mark.parametrize("domain", [Stations, Places])
def test_both_domains_have_an_hourly_and_a_daily_sample(domain):
    assert [one.name for one in domain().sample()] == ["New York JFK"]
    (days,) = domain(frequency="D").sample()
    assert days.channels == ("temperature_min", "temperature_max", "precipitation", "wind")


def test_units_are_converted_and_gaps_stay():
    (bundled,), (ours,) = load_domain("weather_hourly").sample(), bundled_sample("h", HOURLY)
    given = dict(zip(bundled.channels, bundled.values.T, strict=True))
    found = dict(zip(ours.channels, ours.values.T, strict=True))
    np.testing.assert_allclose(found["temperature"] * 9 / 5 + 32, given["temp"])
    np.testing.assert_allclose(found["wind"] / 1.609344, given["wind_speed"])
    np.testing.assert_array_equal(found["pressure"], given["pressure"])
    assert ours.index.equals(bundled.index)


@pytest.mark.parametrize(("frequency", "known"), [("h", HOURLY), ("D", DAILY)])
def test_all_values_are_plausible(frequency, known):
    (series,) = bundled_sample(frequency, known)
    frame = pd.DataFrame(series.values, index=series.index, columns=list(series.channels))
    _, report = tidy(frame, name="sample", frequency=frequency, rules=weather_rules(frequency))
    assert report.is_clean


def test_without_a_wanted_variable_the_sample_has_all():
    (series,) = bundled_sample("D", ["pressure"])
    assert series.num_channels == 4
