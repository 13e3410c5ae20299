"""Bars from Yahoo Finance through yfinance, with its silences turned into errors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import yfinance
from curl_cffi import requests
from curl_cffi.const import CurlECode
from yfinance.exceptions import YFDataException, YFException, YFRateLimitError

from tjepa_estimators.data.remote.pace import Pace
from tjepa_estimators.data.remote.retry import Retry, TransientFailure, with_retries
from tjepa_estimators.errors import DownloadError
from tjepa_finance.yahoo_client import YahooClient

if TYPE_CHECKING:
    import pandas as pd

    from tjepa_estimators.data.remote.parts import Part

__all__ = ["Yahoo"]

_UNREACHABLE = {CurlECode.COULDNT_RESOLVE_HOST, CurlECode.COULDNT_CONNECT, CurlECode.COULDNT_RESOLVE_PROXY}


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
    _client: YahooClient = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_client", YahooClient(self.address))

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
        try:
            with self._client.lent() as session:
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
