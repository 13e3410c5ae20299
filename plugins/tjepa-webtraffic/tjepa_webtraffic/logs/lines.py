"""Lines in the common and the combined log format of web servers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from tjepa_webtraffic.logs.requests import Request

__all__ = ["MONTHS", "parse_line", "parse_lines"]

_QUOTED = r'"([^"\\]*(?:\\.[^"\\]*)*)"'
_LINE = re.compile(
    r"(\S+) \S+ \S+ "
    r"\[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d):([0-5]\d):([0-5]\d|60) ([+-]\d{4})\] "
    rf"{_QUOTED} (\d{{3}}) (?:\d+|-)(?: {_QUOTED} {_QUOTED})?"
)
# written out: strptime reads the names of months in the language of the machine, servers always write English
_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}


def parse_lines(lines: Iterable[str]) -> Iterator[Request | None]:
    """Parse line by line; None for each that is in neither format. Empty lines are passed over."""
    return (parse_line(line) for line in lines if line.strip())


def parse_line(line: str) -> Request | None:
    """The request of a line, or None where it is in neither format.

    Examples
    --------
    >>> parse_line('10.0.0.7 - - [10/Oct/2023:13:55:36 +0200] "GET /shop HTTP/1.1" 200 512')
    Request(time=1696938936.0, visitor='10.0.0.7', path='/shop', method='GET', status=200, agent=None)
    """
    match = _LINE.match(line)
    if match is None:
        return None
    host, hour, minute, second, zone, request, status, _, agent = match.groups()
    start = _seconds(hour, zone)
    if start is None:
        return None
    method, _, rest = request.partition(" ")
    return Request(
        time=start + 60.0 * int(minute) + int(second),
        visitor=host if agent is None else f"{host} {agent}",
        path=rest.partition(" ")[0],
        method=method,
        status=int(status),
        agent=agent,
    )


@lru_cache(maxsize=1024)  # a log has thousands of lines of the same hour
def _seconds(hour: str, zone: str) -> float | None:
    """Seconds since 1970 of the beginning of an hour such as ``10/Oct/2023:13``; None if there is no such hour."""
    ahead = timedelta(hours=int(zone[:3]), minutes=int(zone[0] + zone[3:]))
    try:
        local = datetime(int(hour[7:11]), MONTHS[hour[3:6]], int(hour[:2]), int(hour[12:14]), tzinfo=UTC)
    except (KeyError, ValueError):
        return None
    return (local - ahead).timestamp()
