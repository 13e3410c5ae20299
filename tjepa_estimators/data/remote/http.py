"""A polite HTTP client: it says who it is, keeps a distance between requests, and tries again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from json import JSONDecodeError
from typing import Any, TypeAlias

import requests
from urllib3.exceptions import NewConnectionError

from tjepa_estimators.data.remote.pace import Pace
from tjepa_estimators.data.remote.retry import Retry, TransientFailure, with_retries
from tjepa_estimators.errors import DownloadError

__all__ = ["HttpClient", "Params", "as_transient", "retry_after", "transient_status"]

Params: TypeAlias = Mapping[str, str | int | float]

_PASSING = {408, 425, 429}
_QUOTED = 200  # characters of a refusal that are worth showing


class HttpClient:
    """Reads from one address.

    Parameters
    ----------
    address
        Where paths begin, such as ``"https://api.example.org/v1"``; tests give that of a local server.
    user_agent
        Who asks; some providers refuse anonymous ones.
    timeout
        Seconds until a connection stands, and between two pieces of the answer.
    interval
        Least seconds between two requests.
    retry
        How often and how patiently to try again.

    Examples
    --------
    >>> from tjepa_estimators.testing import Reply, ReplayServer
    >>> with ReplayServer({"/names": [Reply.server_error(), Reply({"names": ["a", "b"]})]}) as server:
    ...     client = HttpClient(server.address, user_agent="docs", retry=Retry(first=0, jitter=0))
    ...     client.json("/names")
    {'names': ['a', 'b']}
    """

    def __init__(
        self,
        address: str,
        *,
        user_agent: str,
        timeout: float = 30.0,
        interval: float = 0.0,
        retry: Retry | None = None,
    ) -> None:
        self.address = address.rstrip("/")
        self.timeout = timeout
        self.retry = retry or Retry()
        self.pace = Pace(interval, self.retry.sleep)
        self._session = requests.Session()
        self._session.headers["User-Agent"] = user_agent

    def json(self, path: str, params: Params | None = None) -> Any:  # noqa: ANN401 - as json.loads
        """Fetch and parse; a body that is no JSON is tried again, as it was cut short or comes from a busy proxy.

        Raises
        ------
        DownloadError
            If the server refuses (``status`` tells why), or every attempt failed.
        """

        def attempt() -> Any:  # noqa: ANN401
            response = self._get(path, params)
            try:
                return response.json()
            except (JSONDecodeError, requests.exceptions.JSONDecodeError) as error:
                raise TransientFailure(f"the answer is no JSON: {response.text[:_QUOTED]!r}") from error

        return with_retries(attempt, what=self.address + path, retry=self.retry)

    def content(self, path: str, params: Params | None = None) -> bytes:
        """Fetch the bytes as they are; raises as :meth:`json`."""
        return with_retries(lambda: self._get(path, params).content, what=self.address + path, retry=self.retry)

    def _get(self, path: str, params: Params | None) -> requests.Response:
        self.pace.wait()
        try:
            response = self._session.get(self.address + path, params=dict(params or {}), timeout=self.timeout)
        except requests.RequestException as error:
            raise as_transient(error) or DownloadError(f"Could not ask {self.address + path}: {error}") from error
        _check_status(response)
        _check_length(response)
        return response


def as_transient(error: Exception) -> TransientFailure | None:
    """What ``requests`` raised as a reason to try again; None if trying again cannot help."""
    cause = error.args[0] if error.args else None
    unreachable = isinstance(getattr(cause, "reason", None), NewConnectionError)
    if isinstance(error, requests.exceptions.ProxyError | requests.exceptions.ConnectTimeout) or unreachable:
        return TransientFailure(f"no connection ({error})", is_unreachable=True)
    if isinstance(error, requests.ConnectionError | requests.Timeout | requests.exceptions.ChunkedEncodingError):
        return TransientFailure(f"{type(error).__name__} ({error})")
    if isinstance(error, requests.exceptions.ContentDecodingError):
        return TransientFailure(f"the answer is damaged ({error})")
    return None


def transient_status(status: int) -> bool:
    """Whether another try can help: too many requests, or a fault of the server."""
    return status in _PASSING or status >= 500


def retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Seconds that a ``Retry-After`` header asks to wait, given as a number or as a date.

    Examples
    --------
    >>> retry_after("7"), retry_after("soon"), retry_after(None)
    (7.0, None, None)
    """
    if not value:
        return None
    with suppress(ValueError):
        seconds = float(value)
        return max(seconds, 0.0) if math.isfinite(seconds) else None
    try:
        then = parsedate_to_datetime(value)
    except ValueError:
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max((then - (now or datetime.now(UTC))).total_seconds(), 0.0)


def _check_status(response: requests.Response) -> None:
    if response.ok:
        return
    reason = f"HTTP {response.status_code} {response.reason or ''}".strip()
    if transient_status(response.status_code):
        told = f"{reason}: {response.text[:_QUOTED]!r}" if response.text else reason  # such as which limit was exceeded
        raise TransientFailure(told, retry_after=retry_after(response.headers.get("Retry-After")))
    raise DownloadError(f"{reason} for {response.url}: {response.text[:_QUOTED]!r}", status=response.status_code)


def _check_length(response: requests.Response) -> None:
    """Old versions of urllib3 let a short body pass; compressed ones are checked while they are unpacked."""
    promised = response.headers.get("Content-Length", "")
    is_packed = response.headers.get("Content-Encoding", "identity") != "identity"
    if promised.isdigit() and not is_packed and len(response.content) < int(promised):
        raise TransientFailure(f"the answer ends after {len(response.content)} of {promised} bytes")
