"""Logs as series: what is zero, what is missing, and what is left out."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from tjepa_webtraffic.logs.config import LogConfig
from tjepa_webtraffic.logs.domain import WebLogs
from tjepa_webtraffic.logs.sample import sample_lines
from tjepa_webtraffic.logs.tables import LogColumns

from tjepa_estimators import load_domain
from tjepa_estimators.errors import ConfigError, DataError, DataQualityWarning

MONDAY = datetime(2024, 3, 4, tzinfo=UTC)


def line(hours, path="/", host="192.0.2.1", agent="Firefox"):
    time = MONDAY + timedelta(hours=hours)
    return f'{host} - - [{time:%d/Mar/%Y:%H:%M:%S} +0000] "GET {path} HTTP/1.1" 200 1 "-" "{agent}"'


@pytest.fixture
def write(tmp_path):
    def write(lines, name="access.log"):
        path = tmp_path / name
        text = "\n".join(lines) + "\n"
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return path

    return write


def views(logs):
    (series,) = logs.series()
    return dict(zip(series.index, series.values[:, 0].tolist(), strict=True))


def at(hours):
    return pd.Timestamp(MONDAY.replace(tzinfo=None)) + pd.Timedelta(hours=hours)


def test_hours_without_a_request_inside_the_log_are_zeros(write):
    assert views(WebLogs(write([line(0), line(1.5), line(4.5), line(6)]))) == {
        at(0): 1, at(1): 1, at(2): 0, at(3): 0, at(4): 1, at(5): 0
    }  # fmt: skip


def test_the_first_and_the_last_step_are_left_out_where_the_log_has_a_part_of_them(write):
    path = write([line(0.2), line(1.5), line(2.9)])
    assert views(WebLogs(path)) == {at(1): 1}
    whole = LogConfig(start="2024-03-04", end="2024-03-04 03:00")
    assert views(WebLogs(path, whole)) == {at(0): 1, at(1): 1, at(2): 1}


def test_every_step_that_a_declared_gap_touches_is_missing(write):
    gap = LogConfig(gaps=(("2024-03-04 01:50", "2024-03-04 03:10"),))
    found = views(WebLogs(write([line(0), line(1.2), line(4.5), line(6)]), gap))
    assert [np.isnan(value) for value in found.values()] == [False, True, True, True, False, False]


def test_a_gap_may_state_its_zone(write):
    lines = [line(0), line(1.2), line(6)]
    there = LogConfig(gaps=(("2024-03-04 02:00+01:00", "2024-03-04 03:00+01:00"),))
    here = LogConfig(gaps=(("2024-03-04 01:00", "2024-03-04 02:00"),))
    np.testing.assert_equal(views(WebLogs(write(lines), there)), views(WebLogs(write(lines), here)))


def test_a_missing_daily_file_is_missing_not_zero(write):
    first = write([line(hour + 0.1) for hour in range(24)], "monday.log")
    third = write([line(48 + hour + 0.1) for hour in range(24)], "wednesday.log")
    logs = WebLogs([third, first])
    with pytest.warns(DataQualityWarning, match="silent: 2024-03-04 23:06 to 2024-03-06 00:06"):
        found = views(logs)
    missing = [time for time, value in found.items() if np.isnan(value)]
    assert missing == list(pd.date_range("2024-03-05", periods=24, freq="h"))


def test_a_log_of_a_quiet_site_is_believed_where_it_is_said(write):
    path = write([line(0), line(40), line(41)])
    assert list(views(WebLogs(path, LogConfig(silence=None))).values()) == [1, *[0] * 39, 1]


def test_robots_keep_the_log_alive_but_are_not_counted(write):
    lines = [line(hour, agent="Examplebot/1.0") for hour in range(49)] + [line(48.5, path="/x"), line(49)]
    found = views(WebLogs(write(lines)))
    assert sum(found.values()) == 1
    assert len(found) == 49
    assert sum(views(WebLogs(write(lines), LogConfig(is_bot=None))).values()) == 50


def test_sessions_go_on_from_one_file_to_the_next_in_whatever_order_they_are_given(write):
    late, early = write([line(2.1), line(3)], "access.log"), write([line(0), line(1.9)], "access.log.1.gz")
    (series,) = WebLogs([late, early]).series()
    assert series.values.tolist() == [[1, 1], [1, 1], [1, 0]]


def test_servers_that_write_at_the_same_time_are_one_log(write):
    lines = list(sample_lines())
    together = WebLogs(write(lines))
    apart = WebLogs([write(lines[server::3], f"server{server}.log") for server in range(3)])
    np.testing.assert_array_equal(apart.series()[0].values, together.series()[0].values)
    assert str(apart.reports()["site"]) == str(together.reports()["site"])


@pytest.mark.parametrize("frequency", ["15min", "90min", "2h", "D", "W", "MS"])
def test_another_frequency_counts_the_same_requests(write, frequency):
    path = write(sample_lines(days=70))
    span = {"start": "2024-03-04", "end": "2024-05-01"}
    hourly, other = (WebLogs(path, LogConfig(frequency=one, **span)) for one in ("h", frequency))
    (hours,), (steps,) = hourly.series(), other.series()
    edges = [*steps.index, steps.index[-1] + pd.tseries.frequencies.to_offset(frequency)]
    same = hours.values[(hours.index >= edges[0]) & (hours.index < edges[-1])]
    np.testing.assert_allclose(steps.values.sum(axis=0), same.sum(axis=0))
    assert len(steps) > 0


def test_a_day_with_a_missing_hour_is_missing(write):
    path = write(sample_lines(days=6))
    gap = (("2024-03-06 10:00", "2024-03-06 11:00"),)
    (days,) = WebLogs(path, LogConfig(frequency="D", gaps=gap, start="2024-03-04")).series()
    assert np.isnan(days.values[:, 0]).tolist() == [False, False, True, False, False]


def test_malformed_lines_are_counted_and_told(write):
    logs = WebLogs(write([line(0), "nonsense", line(1.5), "", line(2)]))
    with pytest.warns(DataQualityWarning, match=r"4 lines: 3 page views in 2 sessions, .* 1 malformed"):
        logs.series()
    assert (logs.reports()["site"].malformed, logs.reports()["site"].others) == (1, 0)


def test_several_sites_are_cut_at_one_moment(write):
    shop, blog = write(sample_lines(days=6), "shop.log"), write(sample_lines(days=5, seed=1), "blog.log")
    domain = WebLogs({"shop": shop, "blog": [blog]})
    train, test = domain.series("train"), domain.series("test")
    assert [one.name for one in train] == ["shop", "blog"]
    assert max(one.index[-1] for one in train) < min(one.index[0] for one in test)


def test_a_csv_is_a_log_too(write):
    times = {"01:00": "/", "02:30": "/", "03:30": "/x.png", "05:00": "/"}
    rows = ["who,at,where", *(f"a,2024-03-04 {time},{page}" for time, page in times.items())]
    config = LogConfig(columns=LogColumns(time="at", visitor="who", page="where"), timezone="Europe/Berlin")
    assert views(WebLogs(write(rows, "hits.csv.gz"), config)) == {at(0): 1, at(1): 1, at(2): 0, at(3): 0}


def test_files_are_read_when_they_are_needed_and_once(write):
    path = write([line(0), line(1.5), line(3)])
    logs = WebLogs(path)
    assert len(logs.series()[0]) == 3
    path.unlink()
    assert len(logs.series()[0]) == 3
    with pytest.raises(DataError, match="There is no log"):
        WebLogs(path).series()


def test_without_files_the_error_says_how_to_give_them():
    with pytest.raises(DataError, match="WebLogs"):
        load_domain("web_logs").series()
    with pytest.raises(DataError, match=r"no logs for .*blog"):
        WebLogs({"shop": "a.log", "blog": []}).series()


def test_a_file_in_another_format_is_an_error_that_shows_the_formats(write):
    with pytest.raises(DataError, match="common or combined log format"):
        WebLogs(write(["2024-03-04 GET /"] * 3)).series()


def test_a_damaged_archive_is_an_error_not_a_shorter_log(write):
    path = write(sample_lines(), "access.log.gz")
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DataError, match="is damaged"):
        WebLogs(path).series()


def test_a_log_out_of_order_is_refused(write):
    with pytest.raises(DataError, match=r"not in the order of time.*Sort it"):
        WebLogs(write([line(hours) for hours in (5, 4, 3, 2, 1)])).series()


def test_a_log_without_a_whole_step_is_refused(write):
    with pytest.raises(DataError, match="not one whole step of 'h'"):
        WebLogs(write([line(0.1), line(0.9)])).series()


@pytest.mark.parametrize(
    "setting",
    [
        {"frequency": "fortnight"},
        {"frequency": "100ms"},
        {"timeout": "0min"},
        {"timeout": "soon"},
        {"silence": "-1h"},
        {"gaps": (("2024-03-05", "2024-03-04"),)},
        {"start": "2024-03-05", "end": "2024-03-04"},
        {"timezone": "Europe/Atlantis"},
    ],
)
def test_impossible_settings_are_refused(setting):
    with pytest.raises(ConfigError):
        LogConfig(**setting)


@pytest.mark.parametrize(
    ("frequency", "season"), [("h", 24), ("15min", 96), ("D", 7), ("W", 52), ("MS", 12), ("7h", 1)]
)
def test_the_season_follows_from_the_frequency(frequency, season):
    assert WebLogs(config=LogConfig(frequency=frequency)).info.season == season


def test_the_sample_is_hourly_whatever_is_configured():
    (sample,) = WebLogs(config=LogConfig(frequency="D")).sample()
    assert len(sample) > 100
    assert (sample.values == 0).any()
