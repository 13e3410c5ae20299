"""The domain of indices: calendars, faults of data, cache, settings."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from tjepa_finance.indices import Indices
from tjepa_finance.yahoo import Yahoo

from tjepa_estimators.errors import ConfigError, DataError, DataQualityWarning, DownloadError
from tjepa_estimators.testing import Reply

SPAN = {"start": "2023-01-01", "end": "2024-02-01"}


def bars_of(request):
    return [one for one in request if "period1" in one.query]


def changed(recorded, change):
    """The recorded answer after ``change(bars, stamps)``."""

    def reply(request):
        found = recorded.yahoo_days(request)
        result = found.body["chart"]["result"][0]
        change(result["indicators"]["quote"][0], result["timestamp"])
        result["indicators"]["adjclose"][0]["adjclose"] = result["indicators"]["quote"][0]["close"]
        return found

    return reply


def test_a_day_on_which_the_exchange_was_closed_is_missing_not_zero(yahoo, yahoo_server):
    with yahoo_server() as server:
        (series,) = Indices(symbols=("HSI",), provider=yahoo(server), **SPAN).series()
    assert np.isnan(series.values[series.index.get_loc("2023-12-25")]).all()
    assert np.isfinite(series.values[series.index.get_loc("2023-12-27")]).all()
    assert (series.values != 0).all()
    assert series.index.dayofweek.max() == 4


def test_exchanges_in_other_zones_meet_on_the_same_dates(yahoo, yahoo_server):
    with yahoo_server() as server:
        many = Indices(symbols=("HSI", "GDAXI", "NYA", "AAPL"), provider=yahoo(server), **SPAN).series()
    assert [one.name for one in many] == ["HSI", "GDAXI", "NYA", "AAPL"]
    assert {(one.index[0], one.index[-1]) for one in many} == {(pd.Timestamp("2023-01-02"), pd.Timestamp("2024-01-31"))}


def test_the_caret_may_be_left_out_or_given(yahoo, yahoo_server):
    with yahoo_server() as server:
        one, other = (Indices(symbols=(name,), provider=yahoo(server), **SPAN).series()[0] for name in ("HSI", "^HSI"))
    np.testing.assert_array_equal(one.values, other.values)


def test_faults_of_data_are_reported_once_by_symbol(yahoo, yahoo_server, recorded):
    def spoil(bars, stamps):
        if len(stamps) > 100:
            bars["volume"][:30] = [0] * 30
            bars["close"][50] *= 100
            bars["low"][60] = bars["high"][60] * 1.1
            bars["open"][70] = -1.0

    with yahoo_server(changed(recorded, spoil)) as server:
        domain = Indices(symbols=("HSI",), provider=yahoo(server), **SPAN)
        with pytest.warns(DataQualityWarning) as caught:
            (series,) = domain.series()
    assert len(caught) == 1
    text = str(caught[0].message)
    for expected in (
        "1 values not positive",
        "high below low",
        "1 values 5 times its neighbours",
        "30 values 0 for 20 bars or more, so not reported",
    ):
        assert expected in text
    assert np.isnan(series.values[:30, 4]).all()
    assert np.isfinite(series.values[30, 4])


def test_a_session_on_a_saturday_is_left_out_and_told(yahoo, yahoo_server, recorded):
    def add_saturday(bars, stamps):
        if len(stamps) > 100:
            stamps.insert(5, stamps[4] + 86400)
            for values in bars.values():
                values.insert(5, values[4])

    told = pytest.warns(DataQualityWarning, match=r"1 rows off the grid \(left out\)")
    with yahoo_server(changed(recorded, add_saturday)) as server, told:
        (series,) = Indices(symbols=("HSI",), provider=yahoo(server), **SPAN).series()
    assert series.index.dayofweek.max() == 4


def test_what_was_fetched_is_not_fetched_again(yahoo, yahoo_server):
    with yahoo_server() as server:
        domain = Indices(symbols=("HSI", "GDAXI"), provider=yahoo(server), **SPAN)
        first = domain.series()
        asked = len(server.requests)
        again = domain.series()
        assert len(server.requests) == asked
    offline = Indices(symbols=("HSI", "GDAXI"), provider=Yahoo(address="http://127.0.0.1:9"), **SPAN).series()
    for one, other, third in zip(first, again, offline, strict=True):
        np.testing.assert_array_equal(one.values, other.values)
        np.testing.assert_array_equal(one.values, third.values)


def test_an_interrupted_download_goes_on_with_the_symbol_where_it_stopped(yahoo, yahoo_server, recorded):
    def only_hongkong(request):
        return recorded.yahoo_days(request) if "HSI" in request.path else Reply.server_error()

    symbols = ("HSI", "GDAXI")
    with yahoo_server(only_hongkong) as server, pytest.raises(DownloadError, match=r"\^GDAXI"):
        Indices(symbols=symbols, provider=yahoo(server), **SPAN).series()
    with yahoo_server() as server:
        Indices(symbols=symbols, provider=yahoo(server), **SPAN).series()
        assert {one.path for one in server.requests if "chart" in one.path} == {"/v8/finance/chart/%5EGDAXI"}


def test_bars_up_to_the_present_are_fetched_again_when_they_are_old(yahoo, yahoo_server, recorded):
    with yahoo_server() as server:
        for max_age, asked in ((timedelta(hours=1), 1), (timedelta(hours=1), 1), (timedelta(0), 2)):
            domain = Indices(symbols=("HSI",), start="2023-01-01", provider=yahoo(server), max_age=max_age)
            domain.series()
            assert len(bars_of(server.requests)) == asked


def test_a_damaged_entry_is_reported_and_fetched_again(yahoo, yahoo_server, tmp_path):
    with yahoo_server() as server:
        domain = Indices(symbols=("HSI",), provider=yahoo(server), cache=tmp_path / "mine", **SPAN)
        (first,) = domain.series()
        (data,) = (tmp_path / "mine").rglob("*.npz")
        data.write_bytes(data.read_bytes()[:-1])
        with pytest.warns(DataQualityWarning, match="damaged"):
            (again,) = domain.series()
    np.testing.assert_array_equal(first.values, again.values)


def test_hours_lie_on_full_hours_in_utc(yahoo, yahoo_server, recorded):
    days = pd.date_range("2023-03-01", "2023-03-03", freq="D", tz="Asia/Hong_Kong")
    stamps = [day + pd.Timedelta(hours=hour) for day in days for hour in (9.5, 10.5, 11.5, 13, 14, 15)]

    def hours(request):
        return Reply(recorded.chart("^HSI", stamps, recorded.walk(len(stamps)), request.query["interval"]))

    with yahoo_server(hours) as server:
        domain = Indices(symbols=("HSI",), interval="1h", start="2023-03-01", end="2023-03-10", provider=yahoo(server))
        (series,) = domain.series()
    assert series.index[0] == pd.Timestamp("2023-03-01 01:00")
    assert np.isfinite(series.values).all(axis=1).sum() == len(stamps)
    assert (series.index.minute == 0).all()


def test_no_more_is_asked_for_than_yahoo_still_has(yahoo, yahoo_server, recorded):
    today = pd.Timestamp.now("UTC").normalize()
    oldest = today - pd.Timedelta(days=59)

    def bars(request):
        begin, end = (pd.Timestamp(int(request.query[name]), unit="s", tz="UTC") for name in ("period1", "period2"))
        if begin < oldest - pd.Timedelta(days=1):
            return recorded.refusal("Unprocessable Entity", "must be within the last 60 days", 422)
        moments = pd.date_range(begin, min(end, today), freq="5min", inclusive="left")
        stamps = [moment for moment in moments.tz_convert("America/New_York") if 10 <= moment.hour < 16]
        return Reply(recorded.chart("AAPL", stamps, recorded.walk(len(stamps)), "5m"))

    def reply(request):
        return bars(request) if "period1" in request.query else recorded.yahoo_days(request)

    with yahoo_server(reply) as server:
        (series,) = Indices(symbols=("AAPL",), interval="5m", provider=yahoo(server), rules=()).series()
    assert series.index[0] >= oldest.tz_localize(None) - pd.Timedelta(days=1)
    assert series.index[-1] <= today.tz_localize(None)


@pytest.mark.parametrize(("interval", "frequency"), [("1wk", "W-MON"), ("1mo", "MS")])
def test_weeks_and_months_lie_on_their_first_day(interval, frequency, yahoo, yahoo_server, recorded):
    stamps = list(pd.date_range("2023-01-01", "2023-12-20", freq=frequency, tz="America/New_York"))

    def bars(request):
        return Reply(recorded.chart("AAPL", stamps, recorded.walk(len(stamps)), request.query["interval"]))

    with yahoo_server(bars) as server:
        domain = Indices(
            symbols=("AAPL",), interval=interval, start="2023-01-01", end="2024-01-01", provider=yahoo(server)
        )
        (series,) = domain.series()
    assert series.index.equals(pd.DatetimeIndex([stamp.tz_localize(None) for stamp in stamps]))
    assert domain.info.frequency == frequency


def test_columns_can_be_chosen_also_in_the_sample(yahoo, yahoo_server):
    with yahoo_server() as server:
        domain = Indices(symbols=("HSI",), columns=("close", "volume"), provider=yahoo(server), **SPAN)
        assert domain.series()[0].channels == ("close", "volume")
    assert {one.channels for one in domain.sample()} == {("close", "volume")}


def test_no_network_is_needed_until_series_are_asked_for():
    domain = Indices()
    assert domain.info.name == "indices"
    assert "no redistribution" in domain.info.licence
    with pytest.raises(DataError, match="'all', 'train', 'test'"):
        domain.series("validation")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"interval": "2d"}, r"interval '2d'.*'1d'"),
        ({"symbols": ()}, "tuple of symbols"),
        ({"symbols": "AAPL"}, "tuple of symbols"),
        ({"symbols": ("HSI", "HSI")}, "each once"),
        ({"columns": ("price",)}, "must be some of"),
        ({"columns": ()}, "must be some of"),
        ({"start": "yesterdy"}, "must be dates"),
        ({"start": "2024-01-01", "end": "2023-01-01"}, "is not before"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        Indices(**settings)
