"""An exchange through the real ccxt, against recorded answers and every fault."""

from __future__ import annotations

import socket

import numpy as np
import pandas as pd
import pytest
from tjepa_finance.exchange import Exchange

from tjepa_estimators.data.remote.parts import Part
from tjepa_estimators.data.remote.retry import Retry
from tjepa_estimators.errors import ConfigError, DataError, DownloadError
from tjepa_estimators.testing import ReplayServer, Reply

YEAR = Part(pd.Timestamp("2023-01-01"), pd.Timestamp("2024-01-01"))
WEEK = Part(pd.Timestamp("2023-03-06"), pd.Timestamp("2023-03-13"))


def patience(fault):
    """Seconds that are long on a busy machine, or short where the server is silent on purpose."""
    return 1 if fault == "timeout" else 30


def pages(server):
    return [one for one in server.requests if "/ohlc/" in one.path]


@pytest.mark.parametrize(("interval", "part", "num_pages"), [("1d", YEAR, 1), ("1h", YEAR, 9), ("1m", WEEK, 11)])
def test_pages_join_without_gap_or_double(interval, part, num_pages, bitstamp, bitstamp_server):
    frequency = {"1d": "D", "1h": "h", "1m": "min"}[interval]
    with bitstamp_server() as server:
        frame = bitstamp(server).fetch("BTC/USD", interval, part)
        assert len(pages(server)) == num_pages
    expected = pd.date_range(part.start, part.end, freq=frequency, inclusive="left")
    np.testing.assert_array_equal(frame.index, expected)
    assert list(frame.columns) == ["open", "high", "low", "close", "volume"]


def test_values_are_those_that_were_sent(bitstamp, bitstamp_server):
    with bitstamp_server() as server:
        row = bitstamp(server).fetch("BTC/USD", "1d", WEEK).iloc[0]
    stamp = int(WEEK.start.timestamp()) // 86400
    assert row["open"] == pytest.approx(20_000 + 1_000 * np.sin(stamp / 9), abs=0.01)
    assert row["high"] == pytest.approx(row["open"] + 9, abs=0.011)
    assert row["volume"] == 1.5 + stamp % 7


def test_time_before_a_coin_was_listed_is_empty_and_is_not_the_end(bitstamp, bitstamp_server):
    with bitstamp_server() as server:
        before = bitstamp(server).fetch("BTC/USD", "1d", Part(pd.Timestamp("2021-01-01"), pd.Timestamp("2022-01-01")))
        during = bitstamp(server).fetch("BTC/USD", "1h", Part(pd.Timestamp("2022-01-01"), pd.Timestamp("2023-01-01")))
    assert len(before) == 0
    assert during.index[0] == pd.Timestamp("2022-06-01")
    assert during.index[-1] == pd.Timestamp("2022-12-31 23:00")


def test_bars_that_are_not_over_are_left_out(bitstamp, bitstamp_server):
    now = pd.Timestamp.now("UTC").tz_localize(None)
    today = now.normalize()
    with bitstamp_server() as server:
        frame = bitstamp(server).fetch(
            "BTC/USD", "1h", Part(today - pd.Timedelta(days=1), today + pd.Timedelta(days=2))
        )
    assert frame.index[-1] + pd.Timedelta(hours=1) <= pd.Timestamp.now("UTC").tz_localize(None)
    assert frame.index[-1] >= now.floor("h") - pd.Timedelta(hours=1)


FAULTS = {
    "429": Reply.too_many_requests(7),
    "500": Reply.server_error(),
    "503": Reply("busy", 503),
    "html": Reply("<html>Maintenance</html>"),
    "timeout": Reply({}).late(30),
    "truncated": Reply({"data": {"ohlc": [], "pair": "BTC/USD"}}).truncated(5),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("at", ["markets", "bars"])
def test_a_fault_that_passes_is_not_seen(fault, at, bitstamp, bitstamp_server, recorded, waits):
    met = []

    def reply(request):
        met.append(request)
        return FAULTS[fault] if len(met) == 1 else recorded.bitstamp_bars(request)

    servers = {
        "markets": lambda: bitstamp_server(markets=[FAULTS[fault], Reply(recorded.markets)]),
        "bars": lambda: bitstamp_server(reply),
    }
    with servers[at]() as server:
        assert len(bitstamp(server, timeout=patience(fault)).fetch("BTC/USD", "1d", WEEK)) == 7
    assert waits == [7 if fault == "429" else 0]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_stays_is_an_error_not_an_empty_frame(fault, bitstamp, bitstamp_server):
    with bitstamp_server(FAULTS[fault]) as server:
        with pytest.raises(DownloadError, match=r"Could not fetch 1d bars of BTC/USD from bitstamp: tried 3 times"):
            bitstamp(server, timeout=patience(fault)).fetch("BTC/USD", "1d", WEEK)
        assert len(pages(server)) == 3


def test_a_refusal_is_not_tried_again(bitstamp, bitstamp_server, waits):
    with bitstamp_server(Reply({"status": "error", "reason": "Wrong step", "code": "API0011"}, 400)) as server:
        with pytest.raises(DownloadError, match=r"bitstamp refuses 1d bars of 'BTC/USD'.*Wrong step"):
            bitstamp(server).fetch("BTC/USD", "1d", WEEK)
        assert len(pages(server)) == 1
    assert waits == []


def test_a_market_that_does_not_exist_gets_a_suggestion(bitstamp, bitstamp_server):
    with bitstamp_server() as server, pytest.raises(DataError, match=r"no market 'BTC/USDX'; did you mean.*'BTC/USD'"):
        bitstamp(server).fetch("BTC/USDX", "1d", WEEK)


def test_an_exchange_that_does_not_exist_gets_a_suggestion():
    with pytest.raises(ConfigError, match=r"'bitstmp'; did you mean.*'bitstamp'"):
        Exchange(name="bitstmp")


def test_without_a_server_the_message_says_what_works_offline():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        offline = Exchange(address=address, retry=Retry(first=0, jitter=0))
        with pytest.raises(DownloadError, match=r"tried 2 times.*cannot be reached.*domain\.sample\(\)"):
            offline.fetch("BTC/USD", "1d", WEEK)


def test_another_exchange_speaks_its_own_dialect():
    """Coinbase answers with the latest bar first, 300 at a time; here it lists the coin in June."""
    listed = int(pd.Timestamp("2023-06-01").timestamp())

    def candles(request):
        start, end = int(request.query["start"]), int(request.query["end"])
        rows = [
            {"start": str(stamp), "low": "9", "high": "12", "open": "10", "close": "11", "volume": "3.5"}
            for stamp in range(max(start, listed), end + 1, 86400)
        ]
        return Reply({"candles": rows[::-1][-300:]})

    product = {
        "product_id": "BTC-USD",
        "product_type": "SPOT",
        "base_currency_id": "BTC",
        "quote_currency_id": "USD",
        "base_increment": "0.00000001",
        "quote_increment": "0.01",
        "quote_min_size": "1",
        "quote_max_size": "150000000",
        "base_min_size": "0.00000001",
        "base_max_size": "3400",
        "status": "online",
        "trading_disabled": False,
    }
    routes = {
        "/api/v3/brokerage/market/products": lambda request: Reply(
            {"products": [product] if "product_type" not in request.query else []}
        ),
        "/api/v3/brokerage/market/products/BTC-USD/candles": candles,
        "/v2/currencies": Reply({"data": []}),
        "/v2/currencies/crypto": Reply({"data": []}),
        "/v2/exchange-rates": Reply({"data": {"currency": "USD", "rates": {}}}),
    }
    with ReplayServer(routes) as server:
        coinbase = Exchange(name="coinbase", address=server.address, retry=Retry(attempts=1))
        frame = coinbase.fetch("BTC/USD", "1d", YEAR)
        before = coinbase.fetch("BTC/USD", "1h", Part(pd.Timestamp("2023-01-01"), pd.Timestamp("2023-02-01")))
        candles_asked = [one for one in server.requests if "candles" in one.path]
    np.testing.assert_array_equal(frame.index, pd.date_range("2023-06-01", "2023-12-31", freq="D"))
    assert len(before) == 0
    assert len(candles_asked) == 2 + 3  # a year of days, a month of hours
