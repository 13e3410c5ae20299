"""Meteostat's yearly files are read as Meteostat's own package reads them, but for what that hides."""

from __future__ import annotations

import gzip
from datetime import datetime

import meteostat
import numpy as np
import pytest
from meteostat.providers.meteostat import hourly as provider
from tjepa_weather.bulk import DamagedFileError, read_year
from tjepa_weather.variables import DAILY, HOURLY

from tjepa_estimators.errors import DataError

HEADER = "year,month,day,hour,temp,temp_source,rhum,rhum_source"


def packed(*rows, header=HEADER):
    return gzip.compress("\n".join([header, *rows, ""]).encode())


def test_hours_are_read_with_their_stamps():
    frame = read_year(packed("2023,1,31,23,10.9,dwd_hourly,76,dwd_hourly"), "h", HOURLY)
    assert frame.index[0].isoformat() == "2023-01-31T23:00:00"
    np.testing.assert_array_equal(frame.to_numpy(), [[10.9, 76, np.nan, np.nan, np.nan]])


def test_days_are_read_as_they_are_reported():
    header = "year,month,day,temp,temp_source,tmin,tmin_source,tmax,tmax_source"
    frame = read_year(packed("2026,8,14,28.6,dwd_daily,20.7,dwd_daily,35.1,dwd_daily", header=header), "D", DAILY)
    assert frame.index[0].isoformat() == "2026-08-14T00:00:00"
    assert frame.iloc[0, :3].tolist() == [28.6, 20.7, 35.1]


def test_what_a_model_has_filled_in_is_missing_unless_it_is_wanted():
    body = packed("2023,1,1,0,5.0,dwd_mosmix,80,isd_lite", "2023,1,1,1,6.0,isd_lite metno_forecast,81,isd_lite")
    assert read_year(body, "h", HOURLY)["temperature"].isna().all()
    assert read_year(body, "h", HOURLY)["humidity"].tolist() == [80, 81]
    assert read_year(body, "h", HOURLY, models=True)["temperature"].tolist() == [5, 6]


def test_nothing_is_missing_not_zero_and_rows_that_come_twice_stay():
    frame = read_year(packed("2023,1,1,1,,,,", "2023,1,1,0,1.0,metar,,", "2023,1,1,0,2.0,metar,,"), "h", HOURLY)
    np.testing.assert_array_equal(frame["temperature"], [np.nan, 1, 2])
    assert frame.index.hour.tolist() == [1, 0, 0]


def test_a_file_that_was_unpacked_on_the_way_is_read_too():
    body = packed("2023,1,1,0,1.0,metar,,")
    assert read_year(gzip.decompress(body), "h", HOURLY).equals(read_year(body, "h", HOURLY))


@pytest.mark.parametrize("damage", [lambda body: body[:-9], lambda body: body[:20] + b"?" * 9 + body[29:]])
def test_a_damaged_file_is_said_to_be_damaged(damage):
    body = packed(*[f"2023,1,1,{hour},{hour * hour},metar,," for hour in range(24)])
    with pytest.raises(DamagedFileError, match="fetch it again"):
        read_year(damage(body), "h", HOURLY)


@pytest.mark.parametrize(
    "body",
    [b"<html>Not here</html>", packed("2023-01-01,5", header="date,temp"), b""],
    ids=["page", "other columns", "nothing"],
)
def test_another_format_is_refused(body):
    with pytest.raises(DataError):
        read_year(body, "h", HOURLY)


def test_it_reads_what_the_package_reads(serve, hourly_file, monkeypatch):
    reply = hourly_file(source="isd_lite")
    server = serve({"/hourly/2023/10637.csv.gz": reply})
    monkeypatch.setattr(provider, "ENDPOINT", server.address + "/hourly/{year}/{station}.csv.gz")
    monkeypatch.setattr(meteostat.config, "cache_enable", False)
    station = meteostat.Station(id="10637", country="DE", timezone="Europe/Berlin")
    theirs = meteostat.hourly(station, datetime(2023, 1, 1), datetime(2023, 1, 5, 23)).fetch()  # noqa: DTZ001 - naive UTC
    ours = read_year(reply.body, "h", HOURLY)
    assert (ours.index == theirs.index).all()
    for name, variable in HOURLY.items():
        np.testing.assert_allclose(ours[name], theirs[variable.meteostat].astype(float))
