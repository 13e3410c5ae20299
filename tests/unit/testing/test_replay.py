"""The server replays what it is told, and remembers what it was asked."""

from __future__ import annotations

import json
from http.client import IncompleteRead
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tjepa_estimators.testing import ReplayServer, Reply


def read(server, path):
    with urlopen(server.address + path, timeout=2) as answer:  # noqa: S310 - a local server
        return answer.read()


def test_answers_come_one_after_the_other_and_the_last_stays():
    with ReplayServer({"/x": [Reply("a"), Reply("b")]}) as server:
        assert [read(server, "/x") for _ in range(3)] == [b"a", b"b", b"b"]


def test_an_answer_may_depend_on_the_question():
    with ReplayServer({"/x": lambda request: Reply({"twice": 2 * int(request.query["n"])})}) as server:
        assert json.loads(read(server, "/x?n=4")) == {"twice": 8}
        assert server.requests[0].path == "/x"


def test_a_path_that_is_not_recorded_is_told_apart():
    with ReplayServer({"/x": Reply("a")}) as server, pytest.raises(HTTPError) as caught:
        read(server, "/y")
    with caught.value as error:
        assert error.code == 404
        assert error.read() == b"nothing at /y; there is ['/x']"


def test_a_refusal_says_how_long_to_wait():
    with ReplayServer({"/x": Reply.too_many_requests(7)}) as server, pytest.raises(HTTPError) as caught:
        read(server, "/x")
    with caught.value as error:
        assert (error.code, error.headers["Retry-After"]) == (429, "7")


def test_a_truncated_answer_is_shorter_than_announced():
    with ReplayServer({"/x": Reply("abcdef").truncated(2)}) as server, pytest.raises(IncompleteRead) as caught:
        read(server, "/x")
    assert caught.value.partial == b"abcd"


def test_closing_does_not_wait_for_a_late_answer():
    with ReplayServer({"/x": Reply("a").late(60)}) as server, pytest.raises(TimeoutError):
        urlopen(server.address + "/x", timeout=0.05)  # noqa: S310 - a local server
