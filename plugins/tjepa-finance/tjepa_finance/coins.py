"""The domain of coins: Bitcoin, Ether and others, as an exchange trades them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tjepa_estimators.contracts import DomainInfo
from tjepa_estimators.data.remote.frames import FrameDomain
from tjepa_estimators.data.splits import check_split
from tjepa_finance.bars import BAR_RULES, COLUMNS, bars_from_csv, bars_from_frame
from tjepa_finance.computed import computed_bars
from tjepa_finance.intervals import Interval, interval_of
from tjepa_finance.settings import check_columns, check_span, check_symbols

if TYPE_CHECKING:
    from tjepa_estimators.data.remote.rules import Rule
    from tjepa_estimators.data.series import Series
    from tjepa_finance.exchange import Exchange

__all__ = ["INTERVALS", "Coins"]

INTERVALS = (
    Interval("1d", "D", 1, "YS"),
    Interval("4h", "4h", 6, "YS"),
    Interval("1h", "h", 24, "YS"),
    Interval("30m", "30min", 48, "MS"),
    Interval("15m", "15min", 96, "MS"),
    Interval("5m", "5min", 288, "MS"),
    Interval("1m", "min", 1440, "W-MON"),
)
"""A part is at most some eleven pages of 1,000 bars, which is what an interruption costs."""


@dataclass(frozen=True, kw_only=True)
class Coins:
    """Bars of coins, fetched from an exchange when ``series`` is called, page after page, and kept.

    Stamps are UTC, the grid has no closed hours; NaN is where the exchange has no bar, as in its outages.

    Parameters
    ----------
    symbols
        As ccxt writes them: coin, slash, currency.
    interval
        ``"1d"``, ``"4h"``, ``"1h"``, ``"30m"``, ``"15m"``, ``"5m"`` or ``"1m"``.
    start, end
        Dates in UTC; ``end`` is the first that is left out, None for the present.
    columns
        Some of open, high, low, close, volume (in coins).
    rules
        Values that break one become missing; ``()`` believes everything.
    cache
        Folder for what was fetched; None for ``$TJEPA_CACHE``, else the user's cache folder.
    max_age
        The latest bars are fetched again after so long.
    exchange
        Its name in ccxt, such as ``"binance"``, or an ``Exchange`` with an address, a timeout and retries.

    Raises
    ------
    ConfigError
        If a setting is unknown or impossible.

    Examples
    --------
    >>> [one.name for one in Coins().sample()]
    ['BTC/USD (computed)', 'ETH/USD (computed)']
    """

    symbols: tuple[str, ...] = ("BTC/USD", "ETH/USD", "LTC/USD", "XRP/USD", "LINK/USD")
    interval: str = "1d"
    start: str = "2017-01-01"
    end: str | None = None
    columns: tuple[str, ...] = COLUMNS
    rules: tuple[Rule, ...] = BAR_RULES
    cache: str | Path | None = None
    max_age: timedelta = field(default=timedelta(hours=12))
    exchange: str | Exchange = "bitstamp"

    from_frame = staticmethod(bars_from_frame)
    from_csv = staticmethod(bars_from_csv)

    def __post_init__(self) -> None:
        check_symbols(self.symbols)
        check_columns(self.columns)
        check_span(self.start, self.end)
        interval_of(self.interval, INTERVALS)

    @property
    def info(self) -> DomainInfo:
        """What a user must know; the series of ``sample`` are computed and free."""
        step = interval_of(self.interval, INTERVALS)
        exchange = self.exchange if isinstance(self.exchange, str) else self.exchange.name
        return DomainInfo(
            name="coins",
            title=f"Coins, bars of {self.interval}",
            licence=f"terms of use of the exchange {exchange}; ask it before you redistribute",
            source=f"{exchange}, fetched with ccxt",
            frequency=step.frequency,
            season=step.season,
            sha256="",
        )

    def series(self, split: str = "all") -> list[Series]:
        """Return the bars of one split, one series for each symbol, from the cache or from the exchange.

        Parameters
        ----------
        split
            ``"train"`` is the first 80 % of the time, ``"test"`` the rest, cut at one moment for all symbols. A coin
            that was listed later than that is in test only.

        Raises
        ------
        DownloadError
            If bars are not in the cache and cannot be fetched.
        DataError
            If the split is unknown, or the exchange has no such market or no bars of it in the span.

        Warns
        -----
        DataQualityWarning
            Duplicates, values that break a rule, bars off the grid, stretches with a single price.
        """
        from tjepa_finance.exchange import Exchange
        from tjepa_finance.history import History

        check_split(split, "coins")
        history = History(
            provider=Exchange(name=self.exchange) if isinstance(self.exchange, str) else self.exchange,
            interval=interval_of(self.interval, INTERVALS),
            span=check_span(self.start, self.end),
            columns=self.columns,
            rules=self.rules,
            cache=self.cache,
            max_age=self.max_age,
        )
        symbols = {name: name for name in self.symbols}
        return FrameDomain(info=self.info, frames=history.frames(symbols, self.info.name)).series(split)

    def sample(self) -> list[Series]:
        """Return 512 daily bars of two coins that were computed, offline.

        Exchanges do not let their bars be redistributed. These are random walks with clustered volatility; what is
        learned from them says nothing of a market. The core's domain ``crypto`` is real.
        """
        info = replace(self.info, licence="CC0 1.0", source="computed", frequency="D")
        starts = {"BTC/USD (computed)": 40_000.0, "ETH/USD (computed)": 2_500.0}
        frames = {
            name: computed_bars(seed, price=price)[[*self.columns]] for seed, (name, price) in enumerate(starts.items())
        }
        return FrameDomain(info=info, frames=frames).series()
