"""How a log is counted."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pandas as pd

from tjepa_estimators.errors import ConfigError
from tjepa_webtraffic.logs.requests import Request, is_bot, is_page_view
from tjepa_webtraffic.logs.tables import LogColumns

__all__ = ["LogConfig"]

_HOUR, _DAY = 3600, 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class LogConfig:
    """How a log is counted; all times are UTC where they do not state a zone.

    Raises
    ------
    ConfigError
        If a setting is impossible.

    Examples
    --------
    >>> LogConfig(frequency="15min", gaps=(("2024-03-01 10:00", "2024-03-01 14:00"),)).season
    96
    """

    frequency: str = "h"
    """Step of the series: any frequency of pandas from a second on."""
    timeout: str = "30min"
    """A page view after a longer pause of its visitor begins a new session."""
    is_bot: Callable[[Request], bool] | None = is_bot
    """Which requests robots made, to be left out; None keeps all."""
    is_page: Callable[[Request], bool] = is_page_view
    """Which requests are page views."""
    gaps: tuple[tuple[str, str], ...] = ()
    """Spans in which the log was not written, begin and end: each step that such a span touches is NaN."""
    silence: str | None = "24h"
    """From so long without a single line on (robots, images and errors included), the log was not written."""
    start: str | None = None
    """Since when the log was written; None takes the first line, so that the step that it cuts is left out."""
    end: str | None = None
    """Until when, exclusive; None takes the last line."""
    timezone: str = "UTC"
    """Of the stamps of csv files that state none; lines of servers always do."""
    columns: LogColumns = field(default_factory=LogColumns)
    """What the columns of csv files are called."""

    def __post_init__(self) -> None:
        try:
            offset = pd.tseries.frequencies.to_offset(self.frequency)
            spans = [pd.Timedelta(text) for text in (self.timeout, self.silence or "24h")]
            times = [self.utc(text) for text in (self.start, self.end) if text is not None]
            pairs = self.gap_times()
            ZoneInfo(self.timezone)
        except (ValueError, ZoneInfoNotFoundError) as error:
            raise ConfigError(f"{self} cannot be used: {error}") from error
        if (_seconds(offset) or 1) % 1:
            raise ConfigError(f"frequency {self.frequency!r} is no whole number of seconds; logs know no finer time.")
        if min(spans) <= pd.Timedelta(0) or times != sorted(times) or any(begin >= end for begin, end in pairs):
            raise ConfigError(f"timeout and silence must be positive, and spans must begin before they end; got {self}")

    @property
    def base(self) -> int:
        """Seconds of the steps to count in, of which those of ``frequency`` are made: at most an hour."""
        seconds = _seconds(pd.tseries.frequencies.to_offset(self.frequency))
        return math.gcd(int(seconds or _HOUR), _HOUR)

    @property
    def season(self) -> int:
        """Steps of a day, or of a week where a step is a day, or of a year; 1 where none is whole."""
        offset = pd.tseries.frequencies.to_offset(self.frequency)
        seconds = _seconds(offset)
        if seconds is None:
            return {"D": 7, "B": 5, "W": 52, "MS": 12, "ME": 12}.get(offset.name.partition("-")[0], 1)
        return 1 if _DAY % seconds else int(_DAY / seconds)

    def gap_times(self) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
        """The declared gaps."""
        return [(self.utc(begin), self.utc(end)) for begin, end in self.gaps]

    @staticmethod
    def utc(text: str) -> pd.Timestamp:
        """A moment in UTC, without a zone."""
        stamp = pd.Timestamp(text)
        return stamp if stamp.tz is None else stamp.tz_convert("UTC").tz_localize(None)


def _seconds(offset: pd.offsets.BaseOffset) -> float | None:
    """Length of a step; None where it is days or more, which are counted in hours."""
    if isinstance(offset, pd.offsets.Day) or not isinstance(offset, pd.offsets.Tick):  # in pandas 2 a Day is a Tick
        return None
    return pd.Timedelta(offset).total_seconds()
