"""The domain of places against a local server that behaves, and misbehaves, as Open-Meteo."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from tjepa_weather.places import Places

from tjepa_estimators.data.remote.retry import Retry
from tjepa_estimators.errors import ConfigError, DataError, DataQualityWarning, DownloadError
from tjepa_estimators.testing import Reply, check_domain

TWO = {"Berlin": (52.52, 13.41), "Nairobi": (-1.29, 36.82)}


def years_asked(server):
    return [request.query["start_date"][:4] for request in server.requests]


@pytest.mark.parametrize("frequency", ["h", "D"])
def test_it_keeps_the_contract_of_a_domain(frequency, serve, places, archive):
    server = serve({"/v1/archive": archive()})
    report = check_domain(lambda: places(server, places=TWO, frequency=frequency, end="2023-03-31"))
    assert report.summary == "8 passed, 1 skipped"


def test_nothing_is_asked_before_the_series_are_and_nothing_twice(serve, places, archive):
    server = serve({"/v1/archive": archive()})
    domain = places(server, places=TWO)
    domain.sample()
    assert server.requests == []
    domain.series("train")
    assert [one.name for one in places(server, places=TWO).series("test")] == [*TWO]
    assert [request.query["latitude"] for request in server.requests] == ["52.52", "-1.29"]
    assert server.requests[0].headers["User-Agent"] == "tjepa-weather"


def test_other_variables_and_times_of_a_year_come_from_the_cache(serve, places, archive):
    server = serve({"/v1/archive": archive()})
    places(server).series()
    (series,) = places(server, variables=["pressure"], start="2023-05-01", end="2023-05-02").series()
    assert (series.num_steps, series.channels) == (48, ("pressure",))
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "fault",
    [
        Reply.too_many_requests(2),
        Reply({"error": True, "reason": "Minutely API request limit exceeded. Please try again in one minute."}, 429),
        Reply({"error": True, "reason": "Too many concurrent requests"}, 429),
        Reply.server_error(),
        Reply.server_error(503),
        Reply('{"latitude": 52.5, "hourly": {"time": ["2023-01-01T00:00"').truncated(3),
        Reply('{"latitude": 52.5, "hourly": {"time": ["2023-01-01T00:00"'),
        Reply({}).late(60),
    ],
    ids=["429", "429 a minute", "429 at once", "500", "503", "truncated", "half a json", "timeout"],
)
def test_a_fault_that_passes_is_not_seen(fault, serve, places, archive):
    sound = archive()
    server = serve({"/v1/archive": lambda request: fault if len(server.requests) == 1 else sound(request)})
    timeout = 2.0 if fault.delay else 30.0
    assert [one.num_steps for one in places(server, timeout=timeout).series()] == [120]
    assert len(server.requests) == 2


def test_a_limit_that_stays_is_told_in_the_servers_words(serve, places):
    limit = Reply({"error": True, "reason": "Daily API request limit exceeded. Please try again tomorrow."}, 429)
    with pytest.raises(DownloadError, match=r"tried 3 times.*try again tomorrow.*is kept in the cache"):
        places(serve({"/v1/archive": limit})).series()


def test_it_is_patient_enough_for_the_limit_of_a_minute(serve, places):
    waits = []
    with pytest.raises(DownloadError):
        places(serve({"/v1/archive": Reply("", 429)}), retry=replace(Places().retry, sleep=waits.append)).series()
    assert sum(waits) > 120


def test_a_refusal_is_told_in_the_servers_words_and_not_tried_again(serve, places):
    refusal = Reply({"error": True, "reason": "Parameter 'start_date' is out of allowed range"}, 400)
    server = serve({"/v1/archive": refusal})
    with pytest.raises(DownloadError, match=r"HTTP 400.*out of allowed range") as caught:
        places(server).series()
    assert caught.value.status == 400
    assert len(server.requests) == 1


def test_a_stopped_download_goes_on(serve, places, archive):
    sound, is_down = archive(), True
    down = Reply.server_error()
    server = serve(
        {"/v1/archive": lambda one: down if is_down and one.query["start_date"] == "2022-01-01" else sound(one)}
    )
    with pytest.raises(DownloadError, match="tried 3 times"):
        places(server, start="2021-01-01").series()
    is_down = False
    (series,) = places(server, start="2021-01-01").series()
    assert (series.index[0].year, series.index[-1].year) == (2021, 2023)
    assert years_asked(server) == ["2021", "2022", "2022", "2022", "2022", "2023"]


def test_days_that_the_archive_does_not_have_yet_are_not_asked_for(serve, places, archive):
    today = datetime.now(UTC).date()
    server = serve({"/v1/archive": archive()})
    (series,) = places(server, start=f"{today.year - 1}-01-01", end=f"{today.year + 1}-12-31").series()
    assert max(request.query["end_date"] for request in server.requests) == f"{today - timedelta(days=2)}"
    assert series.index[-1].date() == today - timedelta(days=2)


def test_null_is_missing_and_what_cannot_be_true_is_reported(serve, places, archive):
    def spoil(answer):
        answer["hourly"]["temperature_2m"][1:4] = [None, -999, 75.0]
        answer["hourly"]["time"][5] = answer["hourly"]["time"][4]

    domain = places(serve({"/v1/archive": archive(spoil)}), variables=["temperature"])
    with pytest.warns(DataQualityWarning, match="'places' had faults"):
        (series,) = domain.series()
    np.testing.assert_array_equal(np.isnan(series.values[:7, 0]), [False, True, True, True, False, True, False])
    report = domain.reports["Berlin"]
    assert report.num_duplicates == 1
    assert dict(report.bad) == {'that say "missing"': 1, "of temperature outside -90 to 60 °C": 1}


def test_the_model_is_passed_on_and_kept_apart_in_the_cache(serve, places, archive):
    server = serve({"/v1/archive": archive()})
    for model in ("best_match", "era5", "era5"):
        places(server, model=model).series()
    assert [request.query["models"] for request in server.requests] == ["best_match", "era5"]


def test_an_unknown_split_is_refused_before_anything_is_asked(serve, places):
    server = serve({})
    with pytest.raises(DataError, match="Unknown split"):
        places(server).series("validation")
    assert server.requests == []


def test_the_free_calls_of_a_minute_are_not_exceeded(serve, places, archive):
    calls_of_a_year = 366 / 14
    assert Places().interval * 600 / 60 > calls_of_a_year
    waits = []
    server = serve({"/v1/archive": archive()})
    places(server, start="2022-01-01", interval=1000, retry=Retry(sleep=waits.append)).series()
    assert [round(wait, -2) for wait in waits] == [1000]


@pytest.mark.parametrize(
    "settings",
    [
        {"places": {}},
        {"places": {"x": (91, 0)}},
        {"places": {"x": (0, 181)}},
        {"places": {"x": "Berlin"}},
        {"start": "1939-12-31"},
    ],
)
def test_impossible_settings_are_refused(settings):
    with pytest.raises(ConfigError):
        Places(**settings)
