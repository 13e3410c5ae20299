"""The client against a local server that fails in every way a provider does."""

from __future__ import annotations

import pickle
import socket
from datetime import UTC, datetime

import pytest
import requests

from tjepa_estimators.data.remote.http import HttpClient, as_transient, retry_after
from tjepa_estimators.data.remote.retry import Retry
from tjepa_estimators.errors import DownloadError
from tjepa_estimators.testing import ReplayServer, Reply

GOOD = Reply({"rows": [1, 2, 3]})
FAULTS = {
    "429": Reply.too_many_requests(3),
    "500": Reply.server_error(),
    "503": Reply("busy", 503),
    "truncated": GOOD.truncated(5),
    "timeout": GOOD.late(30),
    "no json": Reply("<html>Please wait</html>"),
}


def patience(fault):
    """Seconds that are long on a busy machine, or short where the server is silent on purpose."""
    return 0.5 if fault == "timeout" else 30


def client(server, waits, **settings):
    retry = Retry(attempts=3, first=0, jitter=0, sleep=waits.append)
    return HttpClient(server.address, user_agent="tjepa-test", retry=retry, **{"timeout": 30} | settings)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_passes_is_not_seen(fault):
    waits = []
    with ReplayServer({"/rows": [FAULTS[fault], GOOD]}) as server:
        assert client(server, waits, timeout=patience(fault)).json("/rows") == {"rows": [1, 2, 3]}
        assert len(server.requests) == 2
    assert waits == [3 if fault == "429" else 0]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_stays_is_an_error_that_names_the_address(fault):
    with ReplayServer({"/rows": FAULTS[fault]}) as server:
        with pytest.raises(DownloadError, match=rf"{server.address}/rows: tried 3 times"):
            client(server, [], timeout=patience(fault)).json("/rows")
        assert len(server.requests) == 3


def test_the_error_tells_what_the_server_said_of_its_limits():
    told = Reply({"error": True, "reason": "Daily limit exceeded. Please try again tomorrow."}, 429)
    with ReplayServer({"/rows": told}) as server, pytest.raises(DownloadError, match=r"429.*try again tomorrow"):
        client(server, []).json("/rows")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_refusal_is_not_tried_again_and_tells_its_status(status):
    with ReplayServer({"/rows": Reply("no such article", status)}) as server:
        with pytest.raises(DownloadError, match=rf"HTTP {status}.*no such article") as caught:
            client(server, []).json("/rows")
        assert len(server.requests) == 1
    assert pickle.loads(pickle.dumps(caught.value)).status == status  # noqa: S301 - our own error


def test_the_server_sees_who_asks_and_what():
    with ReplayServer({"/v1/rows": GOOD}) as server:
        asked = client(server, [])
        asked.address += "/v1"
        asked.json("/rows", {"year": 2024, "name": "a b"})
        (request,) = server.requests
    assert request.headers["User-Agent"] == "tjepa-test"
    assert request.query == {"year": "2024", "name": "a b"}


def test_content_is_what_was_sent_and_a_short_one_is_tried_again():
    packed = Reply(bytes(range(256)))
    with ReplayServer({"/file": [packed.truncated(100), packed]}) as server:
        assert client(server, []).content("/file") == bytes(range(256))


def test_requests_keep_their_distance():
    waits = []
    with ReplayServer({"/rows": GOOD}) as server:
        asked = client(server, waits, interval=60)
        for _ in range(3):
            asked.json("/rows")
    assert [round(wait, -1) for wait in waits] == [60, 120]  # the pretended sleep does not move the clock


def test_without_a_server_the_message_says_what_works_offline():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: refused
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        asked = HttpClient(address, user_agent="x", retry=Retry(first=0, jitter=0))
        with pytest.raises(DownloadError, match=r"tried 2 times.*cannot be reached.*domain\.sample\(\)"):
            asked.json("/rows")


def test_what_trying_again_cannot_help_is_an_error_at_once():
    with pytest.raises(DownloadError, match="Could not ask"):
        HttpClient("http://", user_agent="x").json("/rows")
    assert as_transient(requests.TooManyRedirects()) is None


def test_a_wait_may_be_asked_for_as_a_date():
    now = datetime(2015, 10, 21, 7, 28, tzinfo=UTC)
    assert retry_after("Wed, 21 Oct 2015 07:29:00 GMT", now) == 60
    assert retry_after("Wed, 21 Oct 2015 07:00:00 GMT", now) == 0


@pytest.mark.parametrize(("value", "seconds"), [("1.5", 1.5), ("-3", 0), ("inf", None), ("nan", None), ("", None)])
def test_a_wait_that_makes_no_sense_is_not_asked_for(value, seconds):
    assert retry_after(value) == seconds
