"""From a provider's raw bars to tidy frames: cached parts, dates of the place, rules, a grid, one report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pandas as pd

from tjepa_estimators.data.remote.cache import FrameCache, cache_folder
from tjepa_estimators.data.remote.grid import local_dates, utc_stamps
from tjepa_estimators.data.remote.parts import Part, PartStore, parts_of
from tjepa_estimators.data.remote.quality import QualityReport, tidy, warn_of
from tjepa_estimators.errors import DataError
from tjepa_finance.bars import flat_note

if TYPE_CHECKING:
    from tjepa_estimators.data.remote.rules import Rule
    from tjepa_finance.intervals import Interval

__all__ = ["History", "Provider"]


class Provider(Protocol):
    """Where bars come from."""

    @property
    def name(self) -> str:
        """Part of the key in the cache."""
        ...

    @property
    def licence(self) -> str:
        """Kept beside the data."""
        ...

    def fetch(self, symbol: str, interval: str, part: Part) -> pd.DataFrame:
        """The bars of one part: open, high, low, close, volume by time."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The bars of several symbols over one span.

    Parameters
    ----------
    provider
        Where they come from.
    interval
        Length of a bar.
    span
        First moment, and the first that is left out; None for the present.
    columns
        What to keep of each bar.
    rules
        What cannot be true.
    cache
        Folder; None for the user's.
    max_age
        A span that is not over is fetched again when its copy is older than this.
    """

    provider: Provider
    interval: Interval
    span: tuple[pd.Timestamp, pd.Timestamp | None]
    columns: Sequence[str]
    rules: Sequence[Rule]
    cache: str | Path | None
    max_age: timedelta

    def frames(self, symbols: dict[str, str], domain: str) -> dict[str, pd.DataFrame]:
        """Tidy bars by name, from the cache where they are there.

        Parameters
        ----------
        symbols
            Name of each series, and the symbol that the provider knows.
        domain
            Its name, for the report.

        Raises
        ------
        DownloadError
            If bars are not in the cache and cannot be fetched.
        DataError
            If a symbol has no bars in the span.
        """
        found = {name: self._tidy(name, self._raw(symbol)) for name, symbol in symbols.items()}
        warn_of((report for _, report in found.values()), domain)
        return {name: frame for name, (frame, _) in found.items()}

    def _raw(self, symbol: str) -> pd.DataFrame:
        store = PartStore(
            cache=FrameCache(cache_folder(self.cache) / self.provider.name),
            licence=self.provider.licence,
            max_age=self.max_age,
        )
        key = {"provider": self.provider.name, "symbol": symbol, "interval": self.interval.name}
        return store.collect(
            key, self._parts(), lambda part: self.provider.fetch(symbol, self.interval.name, self._kept(part))
        )

    def _parts(self) -> list[Part]:
        start, end = self.span
        if self.interval.part:
            return parts_of(start, end or _now(), self.interval.part)
        # The end of the year, so that the same entry is found tomorrow: it counts as unfinished until then.
        return [Part(start, end or pd.Timestamp(year=_now().year + 1, month=1, day=1))]

    def _kept(self, part: Part) -> Part:
        """Ask for no more of the oldest part than the provider still has: it would refuse the whole."""
        if not self.interval.kept_days:
            return part
        oldest = _now().normalize() - pd.Timedelta(days=self.interval.kept_days)
        return Part(oldest, part.end) if part.start < oldest < part.end else part

    def _tidy(self, name: str, raw: pd.DataFrame) -> tuple[pd.DataFrame, QualityReport]:
        placed = raw.set_axis(self._stamps(pd.DatetimeIndex(raw.index)), axis=0)
        placed = placed[placed.index >= self.span[0]]
        placed = placed if self.span[1] is None else placed[placed.index < self.span[1]]
        if not len(placed):
            raise DataError(f"{name!r} has no bars from {self.span[0]:%Y-%m-%d} on; choose another span or symbol")
        frame, report = tidy(placed, name=name, frequency=self.interval.frequency, rules=self.rules)
        return frame[[*self.columns]], report.noting(*flat_note(placed))

    def _stamps(self, index: pd.DatetimeIndex) -> pd.DatetimeIndex:
        """Begin of each bar: moments in UTC within a day, else the date at the exchange."""
        if self.interval.is_intraday:
            # Exchanges that open at half past have hours that begin there; the grid has full ones.
            return utc_stamps(index).floor(self.interval.frequency)
        dates = local_dates(index)
        if self.interval.frequency.startswith("W"):
            return dates - pd.to_timedelta(dates.weekday, unit="D")
        return dates - pd.to_timedelta(dates.day - 1, unit="D") if self.interval.frequency == "MS" else dates


def _now() -> pd.Timestamp:
    return pd.Timestamp(datetime.now(UTC)).tz_localize(None)
