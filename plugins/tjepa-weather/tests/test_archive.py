"""What is asked of Open-Meteo, and how its answers are read."""

from __future__ import annotations

import numpy as np
import pytest
from tjepa_weather.archive import query, read_answer
from tjepa_weather.variables import choose_variables

from tjepa_estimators.errors import DataError

WIND = choose_variables("h", ["wind"])


def answer(values=(1.5, None), unit="km/h", **changes):
    return {
        "latitude": 52.54833,
        "longitude": 13.407822,
        "generationtime_ms": 0.4,
        "utc_offset_seconds": 0,
        "timezone": "GMT",
        "timezone_abbreviation": "GMT",
        "elevation": 38.0,
        "hourly_units": {"time": "iso8601", "wind_speed_10m": unit},
        "hourly": {"time": ["2022-07-01T00:00", "2022-07-01T01:00"], "wind_speed_10m": list(values)},
    } | changes


def test_null_is_missing_never_zero():
    frame = read_answer(answer(), "h", WIND)
    np.testing.assert_array_equal(frame["wind"], [1.5, np.nan])
    assert frame.index[1].isoformat() == "2022-07-01T01:00:00"


def test_a_variable_that_the_model_lacks_is_missing():
    assert read_answer(answer((None, None), unit="undefined"), "h", WIND)["wind"].isna().all()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (answer(unit="mp/h"), "in 'mp/h', expected 'km/h'"),
        (answer(utc_offset_seconds=7200, timezone="Europe/Berlin"), "expected GMT"),
        (answer(hourly={"time": ["2022-07-01T00:00"]}), "lacks 'wind_speed_10m'"),
        ({"error": True, "reason": "Something went wrong."}, "Something went wrong"),
        ([answer(), answer()], "expected hourly values"),
    ],
)
def test_an_answer_to_another_question_is_refused(given, told):
    with pytest.raises(DataError, match=told):
        read_answer(given, "h", WIND)


def test_hours_are_asked_for_in_utc_and_days_by_the_clock_of_the_place():
    about = {"start": "2023-01-01", "end": "2023-12-31"}
    hours = query(52.52, 13.41, frequency="h", variables=WIND, **about)
    days = query(52.52, 13.41, frequency="D", variables=choose_variables("D", ["wind", "temperature"]), **about)
    assert (hours["timezone"], hours["hourly"]) == ("GMT", "wind_speed_10m")
    assert (days["timezone"], days["daily"]) == ("auto", "wind_speed_10m_mean,temperature_2m_mean")
    assert "daily" not in hours
    assert hours["wind_speed_unit"] == "kmh"
