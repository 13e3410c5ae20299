"""Call again what fails for a moment, and say clearly when to give up."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import tenacity

from tjepa_estimators.errors import ConfigError, DownloadError

__all__ = ["Retry", "TransientFailure", "with_retries"]

T = TypeVar("T")

_OFFLINE = (
    "The host cannot be reached: look at the network, the proxy and the firewall. Without a network these work: "
    "domain.sample(), what is in the cache already, and files or frames of your own (from_csv, from_frame)"
)


class TransientFailure(Exception):  # noqa: N818 - it is a reason to try again, no error that a user sees
    """One attempt failed, and the next may not.

    Parameters
    ----------
    reason
        What happened, in a few words.
    retry_after
        Seconds that the server asked to wait; None where it did not ask.
    is_unreachable
        Nothing answered at all, as without a network: tried only twice.
    """

    def __init__(self, reason: str, *, retry_after: float | None = None, is_unreachable: bool = False) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.is_unreachable = is_unreachable


@dataclass(frozen=True, slots=True)
class Retry:
    """How often to try, and how long to wait in between.

    Parameters
    ----------
    attempts
        Tries in all.
    first
        Seconds before the second try; each further wait is twice as long.
    longest
        Seconds that no wait of ours exceeds.
    jitter
        Up to so many random seconds are added, so that many clients do not come back at once.
    patience
        Longest wait in seconds that a server may ask for; beyond it we give up at once and say so.
    sleep
        Waits; tests pass a function that only notes the seconds.
    """

    attempts: int = 5
    first: float = 1.0
    longest: float = 60.0
    jitter: float = 1.0
    patience: float = 300.0
    sleep: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        if self.attempts < 1 or min(self.first, self.longest, self.jitter, self.patience) < 0:
            raise ConfigError(f"Impossible retries: {self}; give at least 1 attempt and no negative seconds")


def with_retries(call: Callable[[], T], *, what: str, retry: Retry | None = None) -> T:
    """Call until it succeeds; only :class:`TransientFailure` and broken or timed-out connections are tried again.

    Parameters
    ----------
    call
        Makes one attempt.
    what
        What is asked for, for the message: ``"daily bars of ^HSI from Yahoo"``.
    retry
        How often and how patiently.

    Raises
    ------
    DownloadError
        If every attempt failed, or the server asks for more patience than we have. Other errors pass through.

    Examples
    --------
    >>> answers = iter([TransientFailure("HTTP 503"), 7])
    >>> def ask():
    ...     answer = next(answers)
    ...     if isinstance(answer, Exception):
    ...         raise answer
    ...     return answer
    >>> with_retries(ask, what="a number", retry=Retry(sleep=lambda seconds: None))
    7
    """
    policy = retry or Retry()
    retrying = tenacity.Retrying(
        sleep=policy.sleep,
        retry=tenacity.retry_if_exception_type((TransientFailure, ConnectionError, TimeoutError)),
        stop=lambda state: _is_enough(policy, state),
        wait=lambda state: _seconds(policy, state),
    )
    try:
        return retrying(call)
    except tenacity.RetryError as error:
        raise _given_up(policy, what, error.last_attempt) from error.last_attempt.exception()


def _is_enough(policy: Retry, state: tenacity.RetryCallState) -> bool:
    failure = _failure(state)
    limit = min(policy.attempts, 2) if _is_unreachable(failure) else policy.attempts
    return state.attempt_number >= limit or _asked(failure) > policy.patience


def _seconds(policy: Retry, state: tenacity.RetryCallState) -> float:
    doubling = tenacity.wait_exponential(multiplier=policy.first, max=policy.longest)
    ours = (doubling + tenacity.wait_random(0, policy.jitter))(state)
    return max(ours, _asked(_failure(state)))


def _failure(state: tenacity.RetryCallState) -> BaseException | None:
    return None if state.outcome is None else state.outcome.exception()


def _asked(failure: BaseException | None) -> float:
    return getattr(failure, "retry_after", None) or 0.0


def _is_unreachable(failure: BaseException | None) -> bool:
    return bool(getattr(failure, "is_unreachable", False))


def _given_up(policy: Retry, what: str, last: tenacity.Future) -> DownloadError:
    failure = last.exception()
    times = "once" if last.attempt_number == 1 else f"{last.attempt_number} times"
    reason = str(failure).rstrip(".") or type(failure).__name__
    message = f"Could not fetch {what}: tried {times}; the last failure: {reason}. "
    if _asked(failure) > policy.patience:
        return DownloadError(f"{message}The server asks to wait {_asked(failure):.0f} s: try again after that")
    advice = _OFFLINE if _is_unreachable(failure) else "Try again later: what has arrived is kept in the cache"
    return DownloadError(message + advice)
