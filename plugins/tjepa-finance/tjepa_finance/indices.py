"""The domain of stock indices, and of any ticker that Yahoo knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tjepa_estimators.contracts import DomainInfo
from tjepa_estimators.data.domains import stocks
from tjepa_estimators.data.remote.frames import FrameDomain
from tjepa_estimators.data.splits import check_split
from tjepa_finance.bars import BAR_RULES, COLUMNS, bars_from_csv, bars_from_frame
from tjepa_finance.intervals import Interval, interval_of
from tjepa_finance.settings import check_columns, check_span, check_symbols

if TYPE_CHECKING:
    from tjepa_estimators.data.remote.rules import Rule
    from tjepa_estimators.data.series import Series
    from tjepa_finance.history import Provider

__all__ = ["INTERVALS", "Indices"]

INTERVALS = (
    Interval("1mo", "MS", 12, ""),
    Interval("1wk", "W-MON", 52, ""),
    Interval("1d", "B", 1, ""),
    Interval("1h", "h", 24, "MS", 729),
    Interval("30m", "30min", 48, "MS", 59),
    Interval("15m", "15min", 96, "MS", 59),
    Interval("5m", "5min", 288, "MS", 59),
    Interval("1m", "min", 1440, "W-MON", 29),  # Yahoo gives at most a week of minutes at a time
)
"""From days on, a symbol's whole span is one request: a split or dividend changes all earlier prices, so that parts
that were fetched at different times would not fit together."""

_FIRST = "2000-01-01"

_KNOWN = ("NYA", "IXIC", "HSI", "GSPTSE", "NSEI", "GDAXI", "GSPC", "DJI", "N225", "FTSE", "FCHI", "STOXX50E")
_NAMES = {name: f"^{name}" for name in _KNOWN}


@dataclass(frozen=True, kw_only=True)
class Indices:
    """Bars of stock indices or of any ticker, fetched from Yahoo when ``series`` is called, and kept.

    Daily bars carry the date of their exchange and lie on business days: a day on which an exchange was closed is NaN.
    Bars within a day carry the moment in UTC at which they begin, rounded down to the grid.

    Parameters
    ----------
    symbols
        As Yahoo writes them (``"AAPL"``, ``"BMW.DE"``, ``"^N225"``); the caret of well-known indices may be left out.
    interval
        ``"1d"``, ``"1wk"``, ``"1mo"``, ``"1h"``, ``"30m"``, ``"15m"``, ``"5m"`` or ``"1m"``. Yahoo keeps two years of
        hours, 60 days of minutes in fives, a month of minutes.
    start, end
        Dates; ``end`` is the first that is left out, None for the present. Without a start: the year 2000, or within
        the day as far back as Yahoo goes.
    columns
        Some of open, high, low, close, volume.
    rules
        Values that break one become missing; ``()`` believes everything.
    cache
        Folder for what was fetched; None for ``$TJEPA_CACHE``, else the user's cache folder.
    max_age
        Bars up to the present are fetched again after so long.
    provider
        Where bars come from: None is ``Yahoo()``, whose settings are prices without dividends, address and retries.

    Raises
    ------
    ConfigError
        If a setting is unknown or impossible.

    Examples
    --------
    >>> [(one.name, one.channels) for one in Indices().sample()][0]
    ('AAPL', ('open', 'high', 'low', 'close', 'volume'))
    """

    symbols: tuple[str, ...] = ("NYA", "IXIC", "HSI", "GSPTSE", "NSEI", "GDAXI")
    interval: str = "1d"
    start: str | None = None
    end: str | None = None
    columns: tuple[str, ...] = COLUMNS
    rules: tuple[Rule, ...] = BAR_RULES
    cache: str | Path | None = None
    max_age: timedelta = field(default=timedelta(hours=12))
    provider: Provider | None = None

    from_frame = staticmethod(bars_from_frame)
    from_csv = staticmethod(bars_from_csv)

    def __post_init__(self) -> None:
        check_symbols(self.symbols)
        check_columns(self.columns)
        check_span(self.start or _FIRST, self.end)
        interval_of(self.interval, INTERVALS)

    @property
    def info(self) -> DomainInfo:
        """What a user must know; the series of ``sample`` are public domain instead."""
        step = interval_of(self.interval, INTERVALS)
        return DomainInfo(
            name="indices",
            title=f"Stock indices and tickers, bars of {self.interval}",
            licence="Yahoo terms of service: personal use only, no redistribution",
            source="Yahoo Finance, fetched with yfinance",
            frequency=step.frequency,
            season=step.season,
            sha256="",
        )

    def series(self, split: str = "all") -> list[Series]:
        """Return the bars of one split, one series for each symbol, from the cache or from Yahoo.

        Parameters
        ----------
        split
            ``"train"`` is the first 80 % of the time, ``"test"`` the rest, cut at one moment for all symbols.

        Raises
        ------
        DownloadError
            If bars are not in the cache and cannot be fetched.
        DataError
            If the split is unknown, or a symbol has no bars in the span.

        Warns
        -----
        DataQualityWarning
            Duplicates, values that break a rule, bars off the grid, stretches with a single price.
        """
        from tjepa_finance.history import History
        from tjepa_finance.yahoo import Yahoo

        check_split(split, "indices")
        history = History(
            provider=self.provider or Yahoo(),
            interval=interval_of(self.interval, INTERVALS),
            span=check_span(self.start or self._first(), self.end),
            columns=self.columns,
            rules=self.rules,
            cache=self.cache,
            max_age=self.max_age,
        )
        symbols = {name: _NAMES.get(name, name) for name in self.symbols}
        return FrameDomain(info=self.info, frames=history.frames(symbols, self.info.name)).series(split)

    def _first(self) -> str:
        kept = interval_of(self.interval, INTERVALS).kept_days
        return (datetime.now(UTC) - timedelta(days=kept)).date().isoformat() if kept else _FIRST

    def sample(self) -> list[Series]:
        """Return the last 512 daily bars of five stocks, offline; Facebook has 206.

        Yahoo's data may not be redistributed, so these are from the public-domain file that ``tjepa_estimators``
        ships: AAPL, FB, GOOG, IBM, MSFT up to March 2013, in the chosen columns.
        """
        from dataclasses import replace

        return replace(stocks(), columns=self.columns).sample()
