"""Small answers in the exact formats of Meteostat and Open-Meteo, and domains that ask a local server for them."""

from __future__ import annotations

import gzip
import json
import sqlite3
from contextlib import closing

import numpy as np
import pandas as pd
import pytest
from tjepa_weather.places import Places
from tjepa_weather.stations import Stations

from tjepa_estimators.data.remote.retry import Retry
from tjepa_estimators.testing import ReplayServer, Reply

QUICK = Retry(attempts=3, first=0, jitter=0, sleep=lambda seconds: None)

STATIONS_DB = """
CREATE TABLE stations (id char(5) NOT NULL PRIMARY KEY, country varchar(2), region varchar(5), latitude float(8,4),
    longitude float(8,4), elevation int(4), timezone varchar(30));
CREATE TABLE names (station char(5) NOT NULL, language char(2) NOT NULL, name varchar(255) NOT NULL);
CREATE TABLE identifiers (station char(5) NOT NULL, key varchar(255) NOT NULL, value varchar(255) NOT NULL);
CREATE TABLE inventory (station char(5) NOT NULL, provider varchar(20) NOT NULL, parameter varchar(4) NOT NULL,
    start date NOT NULL, end date NOT NULL, completeness float);
INSERT INTO stations VALUES
    ('NEAR1', 'DE', 'HE', 50.10, 8.68, 100, 'Europe/Berlin'), ('NEAR2', 'DE', 'HE', 50.12, 8.70, 100, 'Europe/Berlin'),
    ('10637', 'DE', 'HE', 50.05, 8.60, 111, 'Europe/Berlin'), ('FAR01', 'JP', 'TK', 35.68, 139.77, 5, 'Asia/Tokyo');
INSERT INTO names SELECT id, 'en', 'Station ' || id FROM stations;
INSERT INTO inventory VALUES
    ('NEAR1', 'isd_lite', 'temp', '1950-01-01', '1990-12-31', 90),
    ('NEAR2', 'isd_lite', 'temp', '2000-01-01', '2026-01-01', 90),
    ('NEAR2', 'dwd_monthly', 'prcp', '2000-01-01', '2026-01-01', 90),
    ('10637', 'dwd_hourly', 'temp', '1949-01-01', '2026-01-01', 99),
    ('10637', 'dwd_hourly', 'wspd', '1949-01-01', '2026-01-01', 99),
    ('10637', 'dwd_daily', 'tmin', '1949-01-01', '2026-01-01', 99),
    ('10637', 'of tomorrow', 'PRES', '1949-01-01', '2026-01-01', 99);
"""


def _packed(frame, stamp, source):
    """Csv as Meteostat sends it: the parts of the stamp, then each value with its source; nothing where it has none."""
    table = pd.DataFrame({part: getattr(frame.index, part) for part in stamp})
    for name in frame:
        table[name] = frame[name].to_numpy()
        table[f"{name}_source"] = np.where(frame[name].isna(), None, source)
    return gzip.compress(table.to_csv(index=False).encode())


@pytest.fixture(scope="session")
def hourly_file():
    """Five days of a year, hourly."""

    def make(year=2023, source="dwd_hourly", days=5, **columns):
        hours = pd.date_range(f"{year}-01-01", periods=24 * days, freq="h")
        wave = np.round(np.sin(np.arange(24 * days) / 24 * 2 * np.pi), 1)
        values = {
            "temp": 5 + wave,
            "rhum": 80 + 10 * wave,
            "prcp": 0.0,
            "wdir": 180,
            "wspd": 12 + wave,
            "pres": 1013 + wave,
        }
        frame = pd.DataFrame(values | columns, index=hours)
        return Reply(_packed(frame, ["year", "month", "day", "hour"], source))

    return make


@pytest.fixture(scope="session")
def daily_file():
    """A whole year, daily."""

    def make(year=2023, source="dwd_daily", **columns):
        days = pd.date_range(f"{year}-01-01", f"{year}-12-31", freq="D")
        wave = np.round(np.sin(np.arange(len(days)) / 365 * 2 * np.pi), 1)
        values = {
            "temp": 9 + wave,
            "tmin": 4 + wave,
            "tmax": 14 + wave,
            "rhum": 75.0,
            "prcp": 1.5,
            "wspd": 14.0,
            "pres": 1015.0,
        }
        return Reply(_packed(pd.DataFrame(values | columns, index=days), ["year", "month", "day"], source))

    return make


@pytest.fixture(scope="session")
def stations_db(tmp_path_factory):
    file = tmp_path_factory.mktemp("db") / "stations.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(STATIONS_DB)
    return file.read_bytes()


@pytest.fixture(scope="session")
def archive():
    """Answers any request to ``/v1/archive`` as Open-Meteo does."""
    units = {"temperature": "°C", "relative": "%", "precipitation": "mm", "pressure": "hPa", "wind": "km/h"}

    def make(change=lambda answer: None):
        def answer(request):
            section = "hourly" if "hourly" in request.query else "daily"
            names = request.query[section].split(",")
            step, layout = ("h", "%Y-%m-%dT%H:%M") if section == "hourly" else ("D", "%Y-%m-%d")
            last = pd.Timestamp(request.query["end_date"]) + pd.Timedelta(days=1)
            stamps = pd.date_range(request.query["start_date"], last, freq=step, inclusive="left")
            wave = np.round(np.sin(np.arange(len(stamps)) / 24 * 2 * np.pi), 1)
            base = {name: 1013.0 if "pressure" in name else 10.0 for name in names}
            body = {
                "latitude": 52.54833,
                "longitude": 13.407822,
                "generationtime_ms": 0.5,
                "utc_offset_seconds": 0 if section == "hourly" else 3600,
                "timezone": "GMT" if section == "hourly" else "Europe/Berlin",
                "timezone_abbreviation": "GMT" if section == "hourly" else "GMT+1",
                "elevation": 38.0,
                f"{section}_units": {"time": "iso8601"} | {name: units[name.split("_")[0]] for name in names},
                section: {"time": list(stamps.strftime(layout))}
                | {name: [round(base[name] + one, 1) for one in wave] for name in names},
            }
            change(body)
            return Reply(json.dumps(body), headers={"Content-Type": "application/json; charset=utf-8"})

        return answer

    return make


@pytest.fixture
def serve():
    """Starts local servers that end with the test."""
    running = []

    def start(routes):
        running.append(ReplayServer(routes))
        return running[-1].__enter__()

    yield start
    for server in running:
        server.__exit__(None, None, None)


@pytest.fixture
def stations(tmp_path):
    """Makes the domain of a server; five days of 2023 at one station, unless told otherwise."""

    def make(server, **settings):
        usual = {"stations": ["10637"], "start": "2023-01-01", "end": "2023-01-05"}
        ours = {"retry": QUICK, "cache": tmp_path / "cache"}
        return Stations(address=server.address, **ours | usual | settings)

    return make


@pytest.fixture
def places(tmp_path):
    """Makes the domain of a server; five days of 2023 at one place, unless told otherwise."""

    def make(server, **settings):
        usual = {"places": {"Berlin": (52.52, 13.41)}, "start": "2023-01-01", "end": "2023-01-05"}
        ours = {"retry": QUICK, "interval": 0, "cache": tmp_path / "cache"}
        return Places(address=server.address, **ours | usual | settings)

    return make
