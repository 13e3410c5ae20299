"""Bars from Yahoo Finance through yfinance, with its silences turned into errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import yfinance
from curl_cffi import requests
from curl_cffi.const import CurlECode
from yfinance.config import YfConfig
from yfinance.data import YfData
from yfinance.exceptions import YFDataException, YFException, YFRateLimitError

from tjepa_estimators.data.remote.http import retry_after, transient_status
from tjepa_estimators.data.remote.pace import Pace
from tjepa_estimators.data.remote.retry import Retry, TransientFailure, with_retries
from tjepa_estimators.errors import DownloadError

if TYPE_CHECKING:
    import pandas as pd

    from tjepa_estimators.data.remote.parts import Part

__all__ = ["Yahoo"]

_UNREACHABLE = {CurlECode.COULDNT_RESOLVE_HOST, CurlECode.COULDNT_CONNECT, CurlECode.COULDNT_RESOLVE_PROXY}
_CHART = "/v8/finance/chart/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Yahoo:
    """Yahoo Finance.

    Parameters
    ----------
    adjust
        Correct prices for dividends; splits are always corrected, by Yahoo.
    address
        Ask this server for everything instead of Yahoo's: a mirror of yours, or a recording.
    timeout
        Seconds for one request.
    retry
        How often and how patiently to try again.
    pace
        Keeps half a second between two symbols; Yahoo states no limit, and blocks who asks too fast.
    """

    adjust: bool = True
    address: str = ""
    timeout: float = 30.0
    retry: Retry = field(default_factory=Retry)
    pace: Pace = field(default_factory=lambda: Pace(0.5))

    @property
    def name(self) -> str:
        """Tells adjusted prices from others."""
        return "yahoo" if self.adjust else "yahoo_unadjusted"

    @property
    def licence(self) -> str:
        """What Yahoo's terms of service allow."""
        return "Yahoo terms of service: personal use only, no redistribution"

    def fetch(self, symbol: str, interval: str, part: Part) -> pd.DataFrame:
        """Open, high, low, close and volume, stamped in the zone of the exchange.

        Raises
        ------
        DownloadError
            If Yahoo knows no such bars, or every attempt failed.
        """
        frame = with_retries(
            lambda: self._attempt(symbol, interval, part),
            what=f"{interval} bars of {symbol} from Yahoo",
            retry=self.retry,
        )
        return frame.rename(columns=str.lower)[["open", "high", "low", "close", "volume"]]

    def _attempt(self, symbol: str, interval: str, part: Part) -> pd.DataFrame:
        self.pace.wait()
        # yfinance remembers answers, broken ones too: without this a second attempt would see the first one's.
        YfData.cache_get.cache_clear()
        try:
            with _raising(), _Session(self.address) as session:
                return yfinance.Ticker(symbol, session=session).history(
                    start=part.start.date(),
                    end=part.end.date(),
                    interval=interval,
                    auto_adjust=self.adjust,
                    actions=False,
                    timeout=self.timeout,
                )
        except requests.exceptions.RequestException as error:
            raise TransientFailure(str(error), is_unreachable=error.code in _UNREACHABLE) from error
        except (YFRateLimitError, YFDataException) as error:
            raise TransientFailure(str(error)) from error
        except YFException as error:
            raise DownloadError(f"Yahoo has no {interval} bars of {symbol!r} in this span: {error}") from error
        except (ValueError, KeyError, TypeError) as error:  # what yfinance raises on an answer that is no chart
            raise TransientFailure(f"the answer is no chart: {error!r}") from error


class _Session(requests.Session):  # type: ignore[type-arg]  # generic in its stub only
    """Looks at each answer before yfinance does, which hides what a server asks for; optionally asks another one."""

    def __init__(self, address: str) -> None:
        super().__init__(impersonate="chrome")
        self._address = address.rstrip("/")

    def request(self, method: Any, url: str, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as curl_cffi
        path = urlsplit(url).path
        answer = super().request(method, self._address + path if self._address else url, *args, **kwargs)
        if path.startswith(_CHART) and transient_status(answer.status_code):
            raise TransientFailure(
                f"HTTP {answer.status_code}", retry_after=retry_after(answer.headers.get("Retry-After"))
            )
        return answer


@contextmanager
def _raising() -> Iterator[None]:
    """Let yfinance raise instead of logging an error and returning an empty frame."""
    hidden = YfConfig.debug.hide_exceptions
    YfConfig.debug.hide_exceptions = False
    try:
        yield
    finally:
        YfConfig.debug.hide_exceptions = hidden
