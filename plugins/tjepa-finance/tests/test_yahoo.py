"""Yahoo through the real yfinance and curl, against recorded answers and every fault."""

from __future__ import annotations

import socket
from contextlib import suppress

import numpy as np
import pandas as pd
import pytest
from tjepa_finance.yahoo import Yahoo
from yfinance.config import YfConfig
from yfinance.data import YfData

from tjepa_estimators.data.remote.pace import Pace
from tjepa_estimators.data.remote.parts import Part
from tjepa_estimators.data.remote.retry import Retry
from tjepa_estimators.errors import DownloadError
from tjepa_estimators.testing import Reply

YEAR = Part(pd.Timestamp("2023-01-01"), pd.Timestamp("2024-01-01"))
SHORT = Part(pd.Timestamp("2023-03-01"), pd.Timestamp("2023-03-11"))


def charts(server):
    """Requests for bars; the one for the zone of a symbol asks for a range instead."""
    return [one for one in server.requests if "period1" in one.query]


def patience(fault):
    """Seconds that are long on a busy machine, or short where the server is silent on purpose."""
    return 1 if fault == "timeout" else 30


def one_fault_then(fault, answer):
    """Zones are answered; the first request for bars meets the fault."""
    met = []

    def reply(request):
        if "period1" in request.query and not met:
            met.append(request)
            return fault
        return answer(request)

    return reply


def test_bars_arrive_by_date_of_the_exchange(yahoo, yahoo_server, recorded):
    with yahoo_server() as server:
        frame = yahoo(server).fetch("^HSI", "1d", YEAR)
        zone, bars = (one for one in server.requests if "chart" in one.path)
    assert list(frame.columns) == ["open", "high", "low", "close", "volume"]
    assert str(frame.index.tz) == "Asia/Hong_Kong"
    assert (frame.index[0].date().isoformat(), frame.index[-1].date().isoformat()) == ("2023-01-02", "2023-12-29")
    assert "2023-12-25" not in frame.index.strftime("%Y-%m-%d")
    assert zone.query["range"] == "1d"
    assert bars.query["interval"] == "1d"
    first = pd.Timestamp(int(bars.query["period1"]), unit="s", tz="UTC").tz_convert("Asia/Hong_Kong")
    assert str(first) == "2023-01-01 00:00:00+08:00"


def test_values_are_those_that_were_sent(yahoo, yahoo_server, recorded):
    with yahoo_server() as server:
        frame = yahoo(server).fetch("^HSI", "1d", SHORT)
        (request,) = charts(server)
    sent = recorded.yahoo_days(request).body["chart"]["result"][0]["indicators"]["quote"][0]
    for name, values in sent.items():
        np.testing.assert_allclose(frame[name], values)


def test_of_two_bars_of_a_day_yfinance_itself_keeps_the_first(yahoo, yahoo_server, recorded):
    """So duplicates of Yahoo's cannot be reported: this test fails on the day that they can."""

    def doubled(request):
        reply = recorded.yahoo_days(request)
        stamps = reply.body["chart"]["result"][0]["timestamp"]
        if "period1" in request.query:
            stamps[3] = stamps[2] + 3600
        return reply

    with yahoo_server(doubled) as server:
        frame = yahoo(server).fetch("^HSI", "1d", SHORT)
    assert len(frame) == 7
    assert frame.index.is_unique


FAULTS = {
    "429": Reply.too_many_requests(7),
    "500": Reply.server_error(),
    "503": Reply("busy", 503),
    "html": Reply("<html>Will be right back...</html>"),
    "timeout": Reply({}).late(30),
    "truncated": Reply({"chart": {"result": [], "error": None}}).truncated(9),
    "half a chart": Reply(
        {"chart": {"result": [{"meta": {}, "indicators": {"quote": [{"open": [1.0]}]}}], "error": None}}
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_passes_is_not_seen(fault, yahoo, yahoo_server, recorded, waits):
    with yahoo_server(one_fault_then(FAULTS[fault], recorded.yahoo_days)) as server:
        assert len(yahoo(server, timeout=patience(fault)).fetch("^HSI", "1d", SHORT)) == 8
        assert len(charts(server)) == 2
    assert waits == [7 if fault == "429" else 0]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_stays_is_an_error_not_an_empty_frame(fault, yahoo, yahoo_server, recorded):
    def reply(request):
        return FAULTS[fault] if "period1" in request.query else recorded.yahoo_days(request)

    with yahoo_server(reply) as server:
        with pytest.raises(DownloadError, match=r"Could not fetch 1d bars of \^HSI from Yahoo: tried 3 times"):
            yahoo(server, timeout=patience(fault)).fetch("^HSI", "1d", SHORT)
        assert len(charts(server)) == 3


def test_a_failing_request_for_the_zone_is_tried_again_too(yahoo, yahoo_server, recorded):
    met = []

    def reply(request):
        met.append(request)
        return Reply.server_error() if len(met) < 3 else recorded.yahoo_days(request)

    with yahoo_server(reply) as server:
        assert len(yahoo(server).fetch("^HSI", "1d", SHORT)) == 8


def test_a_symbol_without_bars_is_an_error_that_says_why_and_is_not_tried_again(yahoo, yahoo_server, recorded, waits):
    def reply(request):
        if "period1" in request.query:
            return recorded.refusal("Bad Request", "Data doesn't exist for startDate = 1677600000", 400)
        return recorded.yahoo_days(request)

    with (
        yahoo_server(reply) as server,
        pytest.raises(DownloadError, match=r"no 1d bars of '\^HSI'.*Data doesn't exist"),
    ):
        yahoo(server).fetch("^HSI", "1d", SHORT)
    assert waits == []


def test_an_unknown_symbol_is_an_error_that_names_it(yahoo, yahoo_server, recorded):
    unknown = recorded.refusal("Not Found", "No data found, symbol may be delisted")
    with yahoo_server(unknown) as server, pytest.raises(DownloadError, match=r"no 1d bars of 'AAPL'"):
        yahoo(server).fetch("AAPL", "1d", SHORT)


def test_without_a_server_the_message_says_what_works_offline():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        offline = Yahoo(address=address, retry=Retry(first=0, jitter=0))
        with pytest.raises(DownloadError, match=r"tried 2 times.*cannot be reached.*domain\.sample\(\)"):
            offline.fetch("^HSI", "1d", SHORT)


def test_requests_keep_their_distance(yahoo, yahoo_server):
    paused = []
    with yahoo_server() as server:
        asked = yahoo(server, pace=Pace(60, sleep=paused.append))
        for _ in range(2):
            asked.fetch("^HSI", "1d", SHORT)
    assert [round(pause, -1) for pause in paused] == [60]


@pytest.mark.parametrize("answer", [None, Reply.server_error()])
def test_the_users_own_yfinance_is_given_back_as_it_was(answer, yahoo, yahoo_server, recorded):
    theirs = YfData()
    session = theirs._session
    with yahoo_server(answer or recorded.yahoo_days) as server, suppress(DownloadError):
        yahoo(server).fetch("^HSI", "1d", SHORT)
    assert YfConfig.debug.hide_exceptions is True
    assert YfData() is theirs
    assert theirs._session is session


def test_cookies_and_crumb_are_fetched_once_for_all_symbols(yahoo, yahoo_server):
    crumb = {"/v1/test/getcrumb": Reply("Xy1.zAbC"), "/": Reply("")}
    with yahoo_server(**crumb) as server:
        asked = yahoo(server)
        for symbol in ("^HSI", "^GDAXI", "AAPL"):
            asked.fetch(symbol, "1d", SHORT)
        assert len([one for one in server.requests if one.path == "/v1/test/getcrumb"]) == 1
        assert {one.query["crumb"] for one in charts(server)} == {"Xy1.zAbC"}


def test_prices_are_adjusted_unless_told_otherwise(yahoo, yahoo_server, recorded):
    def halved(request):
        reply = recorded.yahoo_days(request)
        adjusted = reply.body["chart"]["result"][0]["indicators"]["adjclose"][0]
        adjusted["adjclose"] = [value / 2 for value in adjusted["adjclose"]]
        return reply

    with yahoo_server(halved) as server:
        adjusted, plain = (yahoo(server, adjust=one).fetch("^HSI", "1d", SHORT) for one in (True, False))
    np.testing.assert_allclose(adjusted["open"] * 2, plain["open"])
    assert yahoo(server, adjust=False).name != yahoo(server).name, "they must not meet in the cache"


def test_hours_keep_their_moments(yahoo, yahoo_server, recorded):
    day = pd.Timestamp("2023-03-01", tz="Asia/Hong_Kong")
    stamps = [day + pd.Timedelta(hours=hour) for hour in (9.5, 10.5, 11.5, 13, 14, 15)]

    def hours(request):
        return Reply(recorded.chart("^HSI", stamps, recorded.walk(6), request.query["interval"]))

    with yahoo_server(hours) as server:
        frame = yahoo(server).fetch("^HSI", "1h", SHORT)
    assert frame.index.tz_convert("UTC").tolist() == [stamp.tz_convert("UTC") for stamp in stamps]
