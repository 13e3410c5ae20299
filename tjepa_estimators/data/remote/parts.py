"""Fetch a long span in parts that are kept as they arrive, so that an interrupted download goes on."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from tjepa_estimators.errors import DataError, DataQualityWarning, DownloadError

if TYPE_CHECKING:
    from tjepa_estimators.data.remote.cache import CacheEntry, FrameCache, Key

__all__ = ["Part", "PartStore", "parts_of"]


@dataclass(frozen=True, slots=True)
class Part:
    """A span of time, ``start`` included and ``end`` not; stamps without zone, in UTC."""

    start: pd.Timestamp
    end: pd.Timestamp


def parts_of(start: pd.Timestamp, end: pd.Timestamp, frequency: str = "YS") -> list[Part]:
    """Cut ``[start, end)`` at the beginning of each year, or of another period.

    Parameters
    ----------
    start, end
        The span.
    frequency
        Where to cut: ``"YS"`` years, ``"MS"`` months, ``"D"`` days. Parts are whole periods, also the first and the
        last, so that they are found in the cache again whatever span is asked for next time.

    Raises
    ------
    DataError
        If the span is empty.

    Examples
    --------
    >>> [(part.start.year, part.end.year) for part in parts_of(pd.Timestamp("2022-05-01"), pd.Timestamp("2024-01-01"))]
    [(2022, 2023), (2023, 2024)]
    """
    if not start < end:
        raise DataError(f"There is no time between start={start} and end={end}; give a start before the end")
    offset = pd.tseries.frequencies.to_offset(frequency)
    first = pd.Timestamp(offset.rollback(start.normalize()))
    edges = pd.date_range(first, pd.Timestamp(offset.rollforward(end.ceil("D"))), freq=offset)
    return [Part(one, two) for one, two in itertools.pairwise(edges)]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartStore:
    """Fetches parts that are not in the cache yet, or no longer fresh there.

    Parameters
    ----------
    cache
        Where parts are kept.
    licence
        Noted beside each part.
    max_age
        A part that was not over when it was fetched is fetched again when it is older than this.
    settling
        Providers correct their latest values: a part counts as over so long after its end.
    """

    cache: FrameCache
    licence: str
    max_age: timedelta = timedelta(hours=12)
    settling: timedelta = timedelta(days=3)

    def collect(
        self, key: Key, parts: list[Part], fetch: Callable[[Part], pd.DataFrame], now: datetime | None = None
    ) -> pd.DataFrame:
        """Join all parts; each is kept before the next is asked for.

        Parameters
        ----------
        key
            What is asked for, but for the time: provider, symbol, interval.
        parts
            In order of time.
        fetch
            Gets one part from the provider, with all its columns also where it has no rows.
        now
            The present, with zone.

        Raises
        ------
        DownloadError
            If a part cannot be fetched. An older copy of a part that was not over yet is used instead, with a
            :class:`~tjepa_estimators.errors.DataQualityWarning`.
        """
        moment = now or datetime.now(UTC)
        frames = [self._part({**key, **_dates(part)}, part, fetch, moment) for part in parts]
        filled = [frame for frame in frames if len(frame)]
        return pd.concat(filled) if filled else frames[0]

    def _part(self, key: Key, part: Part, fetch: Callable[[Part], pd.DataFrame], now: datetime) -> pd.DataFrame:
        known = self.cache.get(key)
        if known is not None and known.is_fresh(self.max_age, now):
            return known.frame
        try:
            frame = fetch(part)
        except DownloadError as error:
            if known is None:
                raise
            return _old_copy(known, key, error)
        is_complete = part.end.tz_localize(UTC) + self.settling <= now
        try:
            self.cache.put(key, frame, licence=self.licence, is_complete=is_complete, fetched=now)
        except OSError as error:
            text = (
                f"{dict(key)} was fetched but cannot be kept: {error}; set TJEPA_CACHE to a folder that can be written"
            )
            warnings.warn(text, DataQualityWarning, stacklevel=4)
        return frame


def _dates(part: Part) -> dict[str, str]:
    return {"from": part.start.isoformat(), "to": part.end.isoformat()}


def _old_copy(known: CacheEntry, key: Key, error: DownloadError) -> pd.DataFrame:
    warnings.warn(
        f"Using {dict(key)} as fetched on {known.fetched:%Y-%m-%d %H:%M} UTC, because it cannot be renewed: {error}",
        DataQualityWarning,
        stacklevel=4,
    )
    return known.frame
