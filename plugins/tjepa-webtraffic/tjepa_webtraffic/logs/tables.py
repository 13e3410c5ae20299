"""Logs of analytics tools: a csv file with a row for each page view."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from tjepa_estimators.errors import DataError
from tjepa_webtraffic.columns import find_column
from tjepa_webtraffic.logs.requests import Request

__all__ = ["LogColumns", "parse_table"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogColumns:
    """The columns of a csv log; None looks for the usual names."""

    time: str | None = None
    """When: a date and time, or seconds or milliseconds since 1970."""
    visitor: str | None = None
    """Who: an id, a cookie or an address."""
    page: str | None = None
    """Which page; without it, each row is a page view."""
    agent: str | None = None
    """The user agent; without it, no robots are found."""


_USUAL = {
    "time": ("time", "timestamp", "datetime", "date_time", "event_time", "event_timestamp", "ts", "date"),
    "visitor": (
        "visitor",
        "visitor_id",
        "user_pseudo_id",
        "client_id",
        "user_id",
        "cookie",
        "ip",
        "host",
        "session_id",
    ),
    "page": ("page", "path", "page_path", "page_location", "url", "uri", "request"),
    "agent": ("user_agent", "agent", "useragent"),
}


def parse_table(lines: Iterable[str], columns: LogColumns, zone: ZoneInfo, label: str) -> Iterator[Request | None]:
    """Parse row by row; None for each that has no readable time or no visitor.

    Parameters
    ----------
    lines
        The lines of the file, names of the columns first.
    columns
        What the columns are called.
    zone
        Time zone of stamps that state none; of an hour that occurs twice, the first is taken.
    label
        The file, for messages.

    Raises
    ------
    DataError
        If a column is not there.
    """
    reader = csv.reader(lines)
    names = next(reader, [])
    place = {role: names.index(name) for role, name in _names(columns, names, label).items()}
    page, agent = place.get("page"), place.get("agent")
    for row in reader:
        if len(row) != len(names):
            if row:
                yield None
            continue
        time, visitor = _seconds(row[place["time"]], zone), row[place["visitor"]]
        if time is None or not visitor:
            yield None
            continue
        path = "" if page is None else row[page]
        yield Request(time, visitor, path, agent=None if agent is None else row[agent])


def _names(columns: LogColumns, names: list[str], label: str) -> dict[str, str]:
    """The names of the columns that there are; time and visitor must be."""
    found = {role: find_column(names, getattr(columns, role), usual, role, label) for role, usual in _USUAL.items()}
    for role in ("time", "visitor"):
        if found[role] is None:
            raise DataError(
                f"{label} has no column for the {role} under a usual name; it has: {', '.join(names) or 'nothing'}. "
                f"Say which one it is: LogConfig(columns=LogColumns({role}=...))."
            )
    return {role: name for role, name in found.items() if name is not None}


def _seconds(text: str, zone: ZoneInfo) -> float | None:
    """Seconds since 1970, of a date and time or of a number."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if 1e8 < number < 1e11:
        return number
    if 1e11 <= number < 1e14:  # milliseconds, as browsers count
        return number / 1000
    try:
        stamp = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return (stamp if stamp.tzinfo else stamp.replace(tzinfo=zone)).timestamp()
