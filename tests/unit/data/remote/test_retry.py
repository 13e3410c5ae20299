"""Retries: what is tried again, how long in between, and what the end says."""

from __future__ import annotations

import pytest

from tjepa_estimators.data.remote.retry import Retry, TransientFailure, with_retries
from tjepa_estimators.errors import ConfigError, DownloadError


class Flaky:
    """Fails as told, then answers 7."""

    def __init__(self, *failures):
        self.failures = list(failures)
        self.calls = 0

    def __call__(self):
        self.calls += 1
        if self.failures:
            raise self.failures.pop(0)
        return 7


@pytest.fixture
def waits():
    return []


@pytest.fixture
def quick(waits):
    return Retry(attempts=4, first=1, jitter=0, sleep=waits.append)


@pytest.mark.parametrize("failure", [TransientFailure("HTTP 503"), ConnectionResetError(), TimeoutError()])
def test_a_passing_failure_is_tried_again(failure, quick):
    call = Flaky(failure, failure)
    assert with_retries(call, what="x", retry=quick) == 7
    assert call.calls == 3


def test_each_wait_is_twice_the_one_before(quick, waits):
    with_retries(Flaky(*[TransientFailure("no")] * 3), what="x", retry=quick)
    assert waits == [1, 2, 4]


def test_waits_have_a_ceiling_and_jitter_comes_on_top(waits):
    retry = Retry(attempts=6, first=1, longest=2, jitter=0.5, sleep=waits.append)
    with_retries(Flaky(*[TransientFailure("no")] * 5), what="x", retry=retry)
    assert all(least <= wait <= least + 0.5 for wait, least in zip(waits, [1, 2, 2, 2, 2], strict=True))


def test_a_server_that_asks_to_wait_is_heard(quick, waits):
    with_retries(Flaky(TransientFailure("HTTP 429", retry_after=30)), what="x", retry=quick)
    assert waits == [30]


def test_a_server_that_asks_for_too_much_ends_it_at_once(quick, waits):
    call = Flaky(TransientFailure("HTTP 429", retry_after=3600))
    with pytest.raises(DownloadError, match=r"tried once; the last failure: HTTP 429.*asks to wait 3600 s"):
        with_retries(call, what="x", retry=quick)
    assert waits == []


def test_the_end_says_what_how_often_and_why(quick):
    call = Flaky(*[TransientFailure("HTTP 502")] * 9)
    with pytest.raises(DownloadError, match=r"fetch bars of XYZ: tried 4 times; the last failure: HTTP 502"):
        with_retries(call, what="bars of XYZ", retry=quick)
    assert call.calls == 4


def test_an_unreachable_host_is_tried_twice_and_the_message_says_what_works_offline(quick):
    call = Flaky(*[TransientFailure("no connection", is_unreachable=True)] * 9)
    with pytest.raises(DownloadError, match=r"sample\(\).*cache.*from_csv"):
        with_retries(call, what="x", retry=quick)
    assert call.calls == 2


@pytest.mark.parametrize("failure", [DownloadError("HTTP 404", status=404), ValueError("a bug"), KeyError("x")])
def test_other_errors_pass_through_at_once(failure, quick):
    call = Flaky(failure)
    with pytest.raises(type(failure)):
        with_retries(call, what="x", retry=quick)
    assert call.calls == 1


@pytest.mark.parametrize("setting", [{"attempts": 0}, {"first": -1}, {"jitter": -1}, {"patience": -1}])
def test_impossible_settings_are_refused(setting):
    with pytest.raises(ConfigError, match="at least 1 attempt"):
        Retry(**setting)
