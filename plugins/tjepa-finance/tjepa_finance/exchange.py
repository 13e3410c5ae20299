"""Bars from an exchange of coins through ccxt, page after page."""

from __future__ import annotations

import difflib
import time
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import ccxt
import pandas as pd

from tjepa_estimators.data.remote.http import as_transient, retry_after
from tjepa_estimators.data.remote.retry import Retry, TransientFailure, with_retries
from tjepa_estimators.errors import ConfigError, DataError, DownloadError

if TYPE_CHECKING:
    from tjepa_estimators.data.remote.parts import Part

__all__ = ["Exchange"]

_PAGE = 1000
"""Bars that are asked for at once; fewer where ccxt knows that the exchange gives fewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """An exchange that ccxt knows; no account is needed for its bars.

    Parameters
    ----------
    name
        As ccxt calls it: ``"bitstamp"``, ``"binance"``, ``"coinbase"``… Kraken's bars go back 720 steps only.
    address
        Ask this server instead of the exchange's: a mirror of yours, or a recording.
    timeout
        Seconds for one request.
    retry
        How often and how patiently to try again; ccxt itself keeps to the exchange's rate limit.

    Raises
    ------
    ConfigError
        If ccxt knows no such exchange, or it has no bars.
    """

    name: str = "bitstamp"
    address: str = ""
    timeout: float = 30.0
    retry: Retry = field(default_factory=Retry)

    def __post_init__(self) -> None:
        if self.name not in ccxt.exchanges:
            near = difflib.get_close_matches(self.name, ccxt.exchanges, 3)
            raise ConfigError(f"ccxt knows no exchange {self.name!r}; did you mean one of {near}? See ccxt.exchanges")

    @property
    def licence(self) -> str:
        """Exchanges state their own."""
        return f"terms of use of the exchange {self.name}; ask it before you redistribute"

    def fetch(self, symbol: str, interval: str, part: Part) -> pd.DataFrame:
        """Open, high, low, close and volume, stamped in UTC; bars that are not over yet are left out.

        Raises
        ------
        DownloadError
            If the exchange refuses, or every attempt failed.
        DataError
            If it has no such market.
        """
        step = ccxt.Exchange.parse_timeframe(interval) * 1000
        since, end = _milliseconds(part.start), min(_milliseconds(part.end), int(time.time() * 1000) - step + 1)
        rows: list[list[float]] = []
        while since < end:
            page, limit = self._page(symbol, interval, since)
            rows += [row for row in page if since <= row[0] < end]
            since = page[-1][0] + step if page and page[-1][0] >= since else since + limit * step
        return _frame(rows)

    def _page(self, symbol: str, interval: str, since: int) -> tuple[list[list[Any]], int]:
        what = f"{interval} bars of {symbol} from {self.name}"
        return with_retries(
            lambda: _attempt(_connect(self.name, self.address, self.timeout), symbol, interval, since),
            what=what,
            retry=self.retry,
        )


@cache
def _connect(name: str, address: str, timeout: float) -> ccxt.Exchange:
    """One connection for all symbols: it holds the list of markets and the clock of the rate limit."""
    exchange: ccxt.Exchange = getattr(ccxt, name)({"timeout": int(timeout * 1000), "enableRateLimit": True})
    if not exchange.has["fetchOHLCV"]:
        raise ConfigError(f"The exchange {name!r} has no bars in ccxt; choose another, such as 'bitstamp' or 'binance'")
    exchange.enableLastJsonResponse = True
    if address:
        exchange.urls["api"] = _moved(exchange.urls["api"], address.rstrip("/"))
    return exchange


def _moved(urls: Any, address: str) -> Any:  # noqa: ANN401 - a text, or texts by name at any depth
    if isinstance(urls, dict):
        return {name: _moved(url, address) for name, url in urls.items()}
    return address


def _attempt(bars: ccxt.Exchange, symbol: str, interval: str, since: int) -> tuple[list[list[Any]], int]:
    """One page, and how many bars it might have had."""
    try:
        bars.load_markets()
        limit = min(_PAGE, bars.feature_value(symbol, "fetchOHLCV", "limit", _PAGE) or _PAGE)
        page = bars.fetch_ohlcv(symbol, interval, since=since, limit=limit)
    except ccxt.BadSymbol as error:
        near = difflib.get_close_matches(symbol, bars.symbols or [], 3, 0.4)
        raise DataError(f"{bars.id} has no market {symbol!r}; did you mean one of {near}?") from error
    except (ccxt.NetworkError, ccxt.BadResponse) as error:
        raise _transient(bars, error) from error
    except ccxt.BaseError as error:
        raise DownloadError(f"{bars.id} refuses {interval} bars of {symbol!r}: {error}") from error
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:  # ccxt on an answer of other form
        _connect.cache_clear()  # ccxt may have kept the answer
        raise TransientFailure(f"the answer is not understood: {_quoted(bars)}") from error
    if bars.last_json_response is None:  # ccxt would call this an empty page
        raise TransientFailure(f"the answer is no JSON: {_quoted(bars)}")
    return page, limit


def _quoted(bars: ccxt.Exchange) -> str:
    return repr(str(bars.last_http_response)[:80])


def _transient(bars: ccxt.Exchange, error: Exception) -> TransientFailure:
    cause = as_transient(error.__cause__) if isinstance(error.__cause__, Exception) else None
    limited = isinstance(error, ccxt.RateLimitExceeded | ccxt.ExchangeNotAvailable)
    wait = retry_after((bars.last_response_headers or {}).get("Retry-After")) if limited else None
    return TransientFailure(str(error), retry_after=wait, is_unreachable=cause is not None and cause.is_unreachable)


def _milliseconds(stamp: pd.Timestamp) -> int:
    return int(stamp.timestamp() * 1000)


def _frame(rows: list[list[float]]) -> pd.DataFrame:
    columns = ["open", "high", "low", "close", "volume"]
    index = pd.DatetimeIndex(pd.to_datetime([row[0] for row in rows], unit="ms"), name="time").as_unit("ms")
    values = {name: [row[place] for row in rows] for place, name in enumerate(columns, 1)}
    return pd.DataFrame(values, index=index, dtype=float)
