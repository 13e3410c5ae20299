"""A client of our own for yfinance, which has a single one for the whole process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from curl_cffi import requests
from yfinance.config import YfConfig
from yfinance.data import SingletonMeta, YfData

from tjepa_estimators.data.remote.http import retry_after, transient_status
from tjepa_estimators.data.remote.retry import TransientFailure

__all__ = ["YahooClient"]

_CHART = "/v8/finance/chart/"


class YahooClient:
    """Session, cookies and crumb that belong together, lent to yfinance for the time of a call.

    What the user's own code does with yfinance before and after is not touched; not to be used while another thread
    uses yfinance.

    Parameters
    ----------
    address
        Ask this server instead of Yahoo's; empty for Yahoo's.
    """

    def __init__(self, address: str) -> None:
        self._session = _Session(address)
        self._data: YfData | None = None

    @contextmanager
    def lent(self) -> Iterator[requests.Session]:  # type: ignore[type-arg]  # generic in its stub only
        """Put our client in the place of theirs, and let yfinance raise instead of returning an empty frame."""
        clients = SingletonMeta._instances  # noqa: SLF001 - there is no other way to it
        theirs, hidden = clients.pop(YfData, None), YfConfig.debug.hide_exceptions
        YfConfig.debug.hide_exceptions = False
        # yfinance remembers answers, broken ones too: without this a second attempt would see the first one's.
        YfData.cache_get.cache_clear()
        try:
            if self._data is not None:
                clients[YfData] = self._data
            self._data = YfData(session=self._session)
            yield self._session
        finally:
            YfConfig.debug.hide_exceptions = hidden
            clients.pop(YfData, None)
            if theirs is not None:
                clients[YfData] = theirs


class _Session(requests.Session):  # type: ignore[type-arg]  # generic in its stub only
    """Looks at each answer before yfinance does, which hides what a server asks for; optionally asks another one."""

    def __init__(self, address: str) -> None:
        super().__init__(impersonate="chrome")
        self._address = address.rstrip("/")

    def request(self, method: Any, url: str, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as curl_cffi
        path = urlsplit(url).path
        answer = super().request(method, self._address + path if self._address else url, *args, **kwargs)
        if path.startswith(_CHART) and transient_status(answer.status_code):
            wait = retry_after(answer.headers.get("Retry-After"))
            raise TransientFailure(f"HTTP {answer.status_code}", retry_after=wait)
        return answer
