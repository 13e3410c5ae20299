"""The domain of coins: a grid without closed hours, parts that are kept, settings."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tjepa_finance.coins import Coins

from tjepa_estimators.errors import ConfigError, DataError, DataQualityWarning, DownloadError
from tjepa_estimators.testing import Reply

SPAN = {"start": "2022-01-01", "end": "2024-02-01"}


def years(server):
    starts = [pd.Timestamp(int(one.query["start"]), unit="s") for one in server.requests if "/ohlc/" in one.path]
    return sorted({start.year for start in starts})


def test_coins_are_traded_every_day(bitstamp, bitstamp_server):
    with bitstamp_server() as server:
        (series,) = Coins(symbols=("BTC/USD",), exchange=bitstamp(server), **SPAN).series()
    assert series.index.equals(pd.date_range("2022-06-01", "2024-01-31", freq="D"))
    assert np.isfinite(series.values).all()


def test_an_outage_of_the_exchange_is_missing(bitstamp, bitstamp_server, recorded):
    def with_outage(request):
        reply = recorded.bitstamp_bars(request)
        away = {str(int(pd.Timestamp(day).timestamp())) for day in ("2023-05-01", "2023-05-02")}
        reply.body["data"]["ohlc"] = [row for row in reply.body["data"]["ohlc"] if row["timestamp"] not in away]
        return reply

    with bitstamp_server(with_outage) as server:
        (series,) = Coins(symbols=("BTC/USD",), exchange=bitstamp(server), **SPAN).series()
    gaps = series.index[np.isnan(series.values).all(axis=1)]
    assert gaps.strftime("%Y-%m-%d").tolist() == ["2023-05-01", "2023-05-02"]


def test_a_bar_that_comes_twice_is_reported(bitstamp, bitstamp_server, recorded):
    def with_double(request):
        reply = recorded.bitstamp_bars(request)
        reply.body["data"]["ohlc"] += reply.body["data"]["ohlc"][:1]
        return reply

    with bitstamp_server(with_double) as server, pytest.warns(DataQualityWarning, match="comes again"):
        Coins(symbols=("BTC/USD",), exchange=bitstamp(server), **SPAN).series()


def test_an_interrupted_download_goes_on_where_it_stopped(bitstamp, bitstamp_server, recorded):
    def breaks_in_2023(request):
        late = int(request.query["start"]) >= pd.Timestamp("2023-01-01").timestamp()
        return Reply.server_error() if late else recorded.bitstamp_bars(request)

    with bitstamp_server(breaks_in_2023) as server, pytest.raises(DownloadError):
        Coins(symbols=("BTC/USD",), exchange=bitstamp(server), **SPAN).series()
    with bitstamp_server() as server:
        (series,) = Coins(symbols=("BTC/USD",), exchange=bitstamp(server), **SPAN).series()
        assert years(server) == [2023, 2024]
    assert series.index[0] == pd.Timestamp("2022-06-01")


def test_a_longer_span_fetches_only_what_is_new(bitstamp, bitstamp_server):
    with bitstamp_server() as server:
        Coins(symbols=("BTC/USD",), exchange=bitstamp(server), start="2023-02-01", end="2024-01-01").series()
        server.requests.clear()
        Coins(symbols=("BTC/USD",), exchange=bitstamp(server), **SPAN).series()
        assert years(server) == [2022, 2024]


def test_what_was_fetched_needs_no_exchange(bitstamp, bitstamp_server):
    with bitstamp_server() as server:
        domain = Coins(symbols=("BTC/USD", "ETH/USD"), exchange=bitstamp(server), **SPAN)
        first = domain.series()
    for one, other in zip(first, domain.series(), strict=True):
        np.testing.assert_array_equal(one.values, other.values)


def test_a_coin_without_bars_in_the_span_is_named(bitstamp, bitstamp_server):
    with bitstamp_server() as server, pytest.raises(DataError, match="'ETH/USD' has no bars from 2021-01-01"):
        Coins(symbols=("ETH/USD",), exchange=bitstamp(server), start="2021-01-01", end="2022-01-01").series()


def test_minutes_are_paged_week_by_week(bitstamp, bitstamp_server):
    with bitstamp_server() as server:
        domain = Coins(
            symbols=("BTC/USD",), interval="1m", exchange=bitstamp(server), start="2023-03-08", end="2023-03-10"
        )
        (series,) = domain.series()
        assert len([one for one in server.requests if "/ohlc/" in one.path]) == 11
    assert series.index.equals(pd.date_range("2023-03-08", "2023-03-09 23:59", freq="min"))


def test_no_network_is_needed_until_series_are_asked_for():
    domain = Coins()
    assert (domain.info.name, domain.info.frequency) == ("coins", "D")
    assert "bitstamp" in domain.info.licence
    with pytest.raises(DataError, match="'all', 'train', 'test'"):
        domain.series("validation")


@pytest.mark.parametrize(
    "settings", [{"symbols": "BTC/USD"}, {"interval": "1w"}, {"columns": ("trades",)}, {"end": "2000"}]
)
def test_impossible_settings_are_refused(settings):
    with pytest.raises(ConfigError):
        Coins(**settings)


def test_the_sample_says_that_it_is_computed():
    assert all("computed" in one.name for one in Coins().sample())
