"""Answers in the exact form of the providers, made by hand: numbers are computed, so that they may be kept here."""

from __future__ import annotations

from urllib.parse import quote, unquote

import numpy as np
import pandas as pd
import pytest
import yfinance
from tjepa_finance import exchange
from tjepa_finance.exchange import Exchange
from tjepa_finance.yahoo import Yahoo

from tjepa_estimators.data.remote.pace import Pace
from tjepa_estimators.data.remote.retry import Retry
from tjepa_estimators.testing import ReplayServer, Reply

ZONES = {"^HSI": "Asia/Hong_Kong", "^GDAXI": "Europe/Berlin", "^NYA": "America/New_York", "AAPL": "America/New_York"}
HOLIDAYS = {"2023-12-25", "2023-12-26", "2024-01-01"}
RANGES = ["1d", "5d", "1mo", "3mo", "6mo", "1y", "2y", "5y", "10y", "ytd", "max"]


def walk(count, seed=0, start=100.0):
    """Open, high, low, close, volume as lists."""
    rng = np.random.default_rng(seed)
    close = start * np.exp(np.cumsum(0.01 * rng.standard_normal(count)))
    open_ = close * np.exp(0.003 * rng.standard_normal(count))
    columns = {
        "open": open_,
        "high": np.maximum(open_, close) * 1.002,
        "low": np.minimum(open_, close) * 0.998,
        "close": close,
    }
    return {name: values.tolist() for name, values in columns.items()} | {
        "volume": rng.integers(1_000, 9_000, count).tolist()
    }


def chart(symbol, stamps, bars, interval="1d"):
    """What Yahoo answers at ``/v8/finance/chart``."""
    zone = ZONES[symbol]
    now = pd.Timestamp.now(zone)
    meta = {
        "currency": "HKD",
        "symbol": symbol,
        "exchangeName": "HKG",
        "fullExchangeName": "HKSE",
        "instrumentType": "INDEX",
        "firstTradeDate": 536376600,
        "regularMarketTime": int(now.timestamp()),
        "hasPrePostMarketData": False,
        "gmtoffset": int(now.utcoffset().total_seconds()),
        "timezone": now.tzname(),
        "exchangeTimezoneName": zone,
        "regularMarketPrice": 17000.5,
        "chartPreviousClose": 16990.1,
        "priceHint": 2,
        "currentTradingPeriod": {name: period(now, now) for name in ("pre", "regular", "post")},
        "dataGranularity": interval,
        "range": "",
        "validRanges": RANGES,
    }
    if interval[-1] in "mh":
        days = sorted({stamp.normalize() for stamp in stamps})
        meta["tradingPeriods"] = [[period(day + pd.Timedelta(hours=9.5), day + pd.Timedelta(hours=16))] for day in days]
    result = {"meta": meta, "timestamp": [int(stamp.timestamp()) for stamp in stamps], "indicators": {"quote": [bars]}}
    if interval == "1d":
        result["indicators"]["adjclose"] = [{"adjclose": bars["close"]}]
    return {"chart": {"result": [result], "error": None}}


def period(start, end):
    return {
        "timezone": start.tzname(),
        "start": int(start.timestamp()),
        "end": int(end.timestamp()),
        "gmtoffset": int(start.utcoffset().total_seconds()),
    }


def refusal(code, description, status=404):
    """What Yahoo answers where it has nothing."""
    return Reply({"chart": {"result": None, "error": {"code": code, "description": description}}}, status)


def yahoo_days(request, seed=0):
    """Daily bars for whatever span is asked for, without weekends and holidays, stamped at half past nine."""
    symbol = unquote(request.path).rsplit("/", 1)[-1]
    zone = ZONES[symbol]
    begin = pd.Timestamp(int(request.query.get("period1", 1704160000)), unit="s", tz="UTC")
    end = pd.Timestamp(int(request.query.get("period2", 1704300000)), unit="s", tz="UTC")
    days = pd.date_range("2022-12-30", "2024-02-01", freq="B", tz=zone) + pd.Timedelta(hours=9.5)
    kept = [day for day in days if begin <= day < end and str(day.date()) not in HOLIDAYS]
    everything = walk(len(days), seed=len(symbol) + seed)
    first = days.get_loc(kept[0])
    bars = {name: values[first : first + len(kept)] for name, values in everything.items()}
    return Reply(chart(symbol, kept, bars))


MARKETS = [
    {
        "name": f"{coin}/USD",
        "market_symbol": f"{coin.lower()}usd",
        "base_currency": coin,
        "base_decimals": 8,
        "counter_currency": "USD",
        "counter_decimals": 2,
        "minimum_order_value": "10",
        "trading": "Enabled",
        "instant_order_counter_decimals": 2,
        "instant_and_market_orders": "Enabled",
        "description": f"{coin} / U.S. dollar",
        "market_type": "SPOT",
    }
    for coin in ("BTC", "ETH")
]


def bitstamp_bars(request, first="2022-06-01"):
    """What Bitstamp answers at ``/api/v2/ohlc/{pair}/``: bars from start to end, none before a listing."""
    step = int(request.query["step"])
    start = max(int(request.query["start"]), int(pd.Timestamp(first).timestamp()))
    stamps = range(-(-start // step) * step, int(request.query["end"]) + 1, step)[: int(request.query["limit"])]
    rows = [bitstamp_bar(stamp, step) for stamp in stamps]
    return Reply({"data": {"ohlc": rows, "pair": "BTC/USD"}})


def bitstamp_bar(stamp, step):
    price = 20_000 + 1_000 * np.sin(stamp / step / 9)
    return {
        "timestamp": str(stamp),
        "open": f"{price:.2f}",
        "high": f"{price + 9:.2f}",
        "low": f"{price - 9:.2f}",
        "close": f"{price + 5:.2f}",
        "volume": f"{1 + stamp // step % 7}.50000000",
    }


@pytest.fixture(autouse=True)
def own_caches(tmp_path, monkeypatch):
    """No test sees the user's caches or those of another test."""
    monkeypatch.setenv("TJEPA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(yfinance.cache._TzCacheManager, "_tz_cache", yfinance.cache._TzCacheDummy())
    monkeypatch.setattr(yfinance.cache._CookieCacheManager, "_Cookie_cache", yfinance.cache._CookieCacheDummy())
    yfinance.data.SingletonMeta._instances.clear()
    exchange._connect.cache_clear()


@pytest.fixture
def waits():
    """Seconds that would have been slept."""
    return []


@pytest.fixture
def yahoo(waits):
    """Make a ``Yahoo`` that asks a server and waits for nothing."""

    def make(server, **settings):
        retry = Retry(attempts=3, first=0, jitter=0, sleep=waits.append)
        return Yahoo(**{"address": server.address, "timeout": 30, "retry": retry, "pace": Pace(0)} | settings)

    return make


@pytest.fixture
def bitstamp(waits):
    """Make an ``Exchange`` that asks a server and waits for nothing."""

    def make(server, **settings):
        retry = Retry(attempts=3, first=0, jitter=0, sleep=waits.append)
        return Exchange(**{"address": server.address, "timeout": 30, "retry": retry} | settings)

    return make


@pytest.fixture
def yahoo_server():
    """Serve the charts of all symbols; other paths (cookies, crumbs) get a 404, as a mirror would give."""

    def serve(answer=yahoo_days, **others):
        return ReplayServer({f"/v8/finance/chart/{quote(symbol)}": answer for symbol in ZONES} | others)

    return serve


@pytest.fixture
def bitstamp_server():
    """Serve the markets and the bars of two coins."""

    def serve(bars=bitstamp_bars, markets=None):
        routes = {f"/v2/ohlc/{coin}usd/": bars for coin in ("btc", "eth")}
        return ReplayServer(routes | {"/v2/markets/": markets or Reply(MARKETS)})

    return serve


@pytest.fixture
def recorded():
    """The makers of answers, for tests that change them."""

    class Recorded:
        chart = staticmethod(chart)
        refusal = staticmethod(refusal)
        yahoo_days = staticmethod(yahoo_days)
        bitstamp_bars = staticmethod(bitstamp_bars)
        walk = staticmethod(walk)
        markets = MARKETS

    return Recorded
