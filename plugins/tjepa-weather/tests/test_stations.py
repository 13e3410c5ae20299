"""The domain of stations against a local server that behaves, and misbehaves, as Meteostat."""

from __future__ import annotations

import numpy as np
import pytest
from tjepa_weather.stations import Stations

from tjepa_estimators.data.remote.retry import Retry
from tjepa_estimators.errors import ConfigError, DataError, DataQualityWarning, DownloadError
from tjepa_estimators.testing import Reply, check_domain

HOURLY = "/hourly/2023/{}.csv.gz"
FRANKFURT = (50.11, 8.68)


def hours_of(domain):
    return {one.name: one.num_steps for one in domain.series()}


def asked(server):
    return [request.path for request in server.requests]


@pytest.mark.parametrize("frequency", ["h", "D"])
def test_it_keeps_the_contract_of_a_domain(frequency, serve, stations, hourly_file, daily_file):
    routes = {}
    for station in ("10637", "03772"):
        routes[HOURLY.format(station)] = hourly_file()
        routes[f"/daily/2023/{station}.csv.gz"] = daily_file()
    server = serve(routes)
    end = "2023-01-05" if frequency == "h" else "2023-12-31"
    report = check_domain(lambda: stations(server, stations=["10637", "03772"], frequency=frequency, end=end))
    assert report.summary == "8 passed, 1 skipped"


def test_nothing_is_asked_before_the_series_are_and_nothing_twice(serve, stations, hourly_file):
    server = serve({HOURLY.format("10637"): hourly_file()})
    domain = stations(server)
    assert domain.info.season == 24
    domain.sample()
    assert asked(server) == []
    domain.series("train")
    domain.series("test")
    stations(server).series()
    assert asked(server) == [HOURLY.format("10637")]
    assert server.requests[0].headers["User-Agent"] == "tjepa-weather"


def test_values_and_stamps_are_those_that_were_sent(serve, stations, hourly_file):
    (series,) = stations(serve({HOURLY.format("10637"): hourly_file()}), variables=["wind", "temperature"]).series()
    assert series.channels == ("wind", "temperature")
    assert series.index[0].isoformat() == "2023-01-01T00:00:00"
    assert series.values[6].tolist() == [13, 6]


@pytest.mark.parametrize("fault", ["429", "500", "truncated", "timeout", "damaged"])
def test_a_fault_that_passes_is_not_seen(fault, serve, stations, hourly_file):
    good = hourly_file()
    bad = {
        "429": Reply.too_many_requests(2),
        "500": Reply.server_error(),
        "truncated": good.truncated(50),
        "timeout": good.late(60),
        "damaged": Reply(good.body[:-50]),
    }
    server = serve({HOURLY.format("10637"): [bad[fault], good]})
    assert hours_of(stations(server, timeout=2.0 if fault == "timeout" else 30.0)) == {"10637": 120}
    assert len(server.requests) == 2


def test_a_stopped_download_goes_on(serve, stations, hourly_file):
    years = {year: f"/hourly/{year}/10637.csv.gz" for year in (2021, 2022, 2023)}
    server = serve({years[2021]: hourly_file(2021), years[2022]: Reply.server_error(), years[2023]: hourly_file()})
    with pytest.raises(DownloadError, match=r"/hourly/2022/10637\.csv\.gz: tried 3 times"):
        stations(server, start="2021-01-01").series()
    server.routes[years[2022]] = hourly_file(2022)
    (series,) = stations(server, start="2021-01-01").series()
    assert asked(server).count(years[2021]) == 1
    assert (series.index[0].year, series.index[-1].year) == (2021, 2023)


def test_a_year_without_a_file_is_missing(serve, stations, hourly_file):
    server = serve({f"/hourly/{year}/10637.csv.gz": hourly_file(year) for year in (2021, 2023)})
    (series,) = stations(server, start="2021-01-01").series()
    is_2022 = series.index.year == 2022
    assert is_2022.sum() == 8760
    assert np.isnan(series.values[is_2022]).all()
    assert not np.isnan(series.values[~is_2022][:120]).any()


def test_a_station_without_any_value_is_an_error(serve, stations):
    with pytest.raises(DataError, match=r"no values for \['10637'\]"):
        stations(serve({})).series()


def test_missing_hours_are_nan_and_faults_are_reported(serve, stations):
    header = "year,month,day,hour,temp,temp_source,prcp,prcp_source"
    rows = [
        "0,1.0,metar,0.0,metar",
        "2,-999,metar,0.4,metar",
        "2,3.0,metar,,",
        "1,,,,",
        "4,88.0,metar,0.2,metar",
        "5,4,metar,0,metar",
    ]
    body = "\n".join([header, *[f"2023,1,1,{row}" for row in rows], ""])
    domain = stations(serve({HOURLY.format("10637"): Reply(body)}))
    with pytest.warns(DataQualityWarning, match="Data of the domain 'stations' had faults"):
        (series,) = domain.series()
    assert series.channels == ("temperature", "precipitation")
    np.testing.assert_array_equal(series.values[:, 0], [1, np.nan, 3, np.nan, np.nan, 4])
    np.testing.assert_array_equal(series.values[:, 1], [0, np.nan, np.nan, np.nan, 0.2, 0])
    report = domain.reports["10637"]
    assert (report.num_duplicates, report.num_unsorted, report.num_gaps) == (1, 1, 2)
    assert report.bad == {"of temperature outside -90 to 60 °C": 1}
    assert report.notes == ("no value of humidity, pressure, wind (left out)",)


def test_values_of_models_are_left_out_unless_they_are_wanted(serve, stations, hourly_file):
    server = serve({HOURLY.format("10637"): hourly_file(source="metno_forecast")})
    with pytest.raises(DataError, match="no values"):
        stations(server).series()
    assert hours_of(stations(server, models=True)) == {"10637": 120}


@pytest.mark.parametrize(
    ("variables", "located"),
    [(["temperature"], "NEAR2"), (["temperature", "wind"], "10637"), (["temperature", "humidity"], "NEAR2")],
)
def test_a_place_takes_the_nearest_station_of_those_with_all_that_is_wanted(
    variables, located, serve, stations, hourly_file, stations_db
):
    files = {HOURLY.format(one): hourly_file() for one in ("NEAR1", "NEAR2", "10637")}
    domain = stations(
        serve({"/stations.db": Reply(stations_db)} | files), stations={"Frankfurt": FRANKFURT}, variables=variables
    )
    assert domain.located == {"Frankfurt": located}
    assert hours_of(domain) == {"Frankfurt": 120}


def test_a_place_passes_over_a_station_that_is_said_to_report_but_does_not(serve, stations, hourly_file, stations_db):
    server = serve({"/stations.db": Reply(stations_db), HOURLY.format("10637"): hourly_file()})
    domain = stations(server, stations={"Frankfurt": FRANKFURT}, variables=["temperature"])
    assert domain.located == {"Frankfurt": "10637"}
    assert hours_of(domain) == {"Frankfurt": 120}
    assert asked(server) == ["/stations.db", HOURLY.format("NEAR2"), HOURLY.format("10637")]


def test_a_place_without_a_station_is_an_error_that_says_what_to_do(serve, stations, stations_db):
    domain = stations(serve({"/stations.db": Reply(stations_db)}), stations={"Azores": (38.5, -28.0)})
    with pytest.raises(DataError, match=r"None of the 0 stations within 50 km .* larger radius.*'places'"):
        domain.series()


def test_without_a_network_the_error_says_what_works(tmp_path):
    domain = Stations(address="http://127.0.0.1:9", cache=tmp_path, retry=Retry(first=0, jitter=0))  # nobody listens
    with pytest.raises(DownloadError, match=r"cannot be reached.*domain\.sample\(\)"):
        domain.series()


def test_an_unknown_split_is_refused_before_anything_is_asked(serve, stations):
    server = serve({})
    with pytest.raises(DataError, match="Unknown split 'validation'"):
        stations(server).series("validation")
    assert asked(server) == []


@pytest.mark.parametrize(
    "settings",
    [
        {"frequency": "W"},
        {"variables": ["snow"]},
        {"stations": []},
        {"stations": "10637"},
        {"stations": ["../10637"]},
        {"stations": ["Berlin"]},
        {"stations": {"Tokyo": (139.69, 35.69)}},
        {"radius": 0},
        {"start": "2024-02-30"},
        {"start": "2024-02-02", "end": "2024-02-01"},
        {"start": "2024-01-01 06:00"},
    ],
)
def test_impossible_settings_are_refused(settings):
    with pytest.raises(ConfigError):
        Stations(**settings)
