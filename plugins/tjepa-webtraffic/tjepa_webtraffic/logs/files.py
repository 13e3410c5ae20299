"""The files of a log, and their requests in the order of time, one at a time."""

from __future__ import annotations

import csv
import gzip
import heapq
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TextIO
from zoneinfo import ZoneInfo

from tjepa_estimators.errors import DataError
from tjepa_webtraffic.logs.lines import parse_lines
from tjepa_webtraffic.logs.tables import LogColumns, parse_table

if TYPE_CHECKING:
    from tjepa_webtraffic.logs.requests import Request

__all__ = ["LogFile", "merged"]

_FIRST = 1000
"""Lines in which a file must show a first request."""


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file of a log, packed with gzip or not; one that is named ``.csv`` is a table, others are log lines."""

    path: Path
    columns: LogColumns
    zone: ZoneInfo

    def requests(self) -> Iterator[Request | None]:
        """Read the requests one by one; None for each line that is not one.

        Raises
        ------
        DataError
            If the file is not there, is packed and damaged, or is a table without the columns.
        """
        try:
            with self._open() as lines:
                yield from self._parse(lines)
        except FileNotFoundError as error:
            raise DataError(f"There is no log {str(self.path)!r}; give the path of a file.") from error
        except (EOFError, zlib.error, gzip.BadGzipFile, csv.Error) as error:
            raise DataError(f"The log {str(self.path)!r} is damaged: {error}. Copy it again, or unpack it.") from error

    def begins(self) -> float:
        """The time of the first request.

        Raises
        ------
        DataError
            If there is none among the first thousand lines.
        """
        for number, request in enumerate(self.requests()):
            if request is not None:
                return request.time
            if number == _FIRST:
                break
        raise DataError(
            f"{str(self.path)!r} has no request among its first lines; expected the common or combined log format, as "
            "'10.0.0.7 - - [10/Oct/2023:13:55:36 +0200] \"GET / HTTP/1.1\" 200 512', or a csv file (.csv, .csv.gz)."
        )

    def _open(self) -> TextIO:
        if self.path.suffix == ".gz":
            return gzip.open(self.path, "rt", encoding="utf-8-sig", errors="replace", newline="")
        return self.path.open(encoding="utf-8-sig", errors="replace", newline="")

    def _parse(self, lines: Iterable[str]) -> Iterator[Request | None]:
        if self.path.name.removesuffix(".gz").endswith(".csv"):
            return parse_table(lines, self.columns, self.zone, repr(str(self.path)))
        return parse_lines(lines)


def merged(files: Iterable[LogFile]) -> Iterator[Request | None]:
    """The requests of all files in the order of time, as far as each file keeps it.

    Servers number rotated logs backwards, and several servers write at the same time. A file is open only while it is
    read; a malformed line comes after the request before it.
    """
    waiting = sorted(((file.begins(), number, file) for number, file in enumerate(files)), reverse=True)
    running: list[_Reading] = []
    while waiting or running:
        while waiting and (not running or waiting[-1][0] <= running[0].time):
            begin, number, file = waiting.pop()
            heapq.heappush(running, _Reading(begin, number, file.requests()))
        reading = running[0]
        try:
            request = next(reading.requests)
        except StopIteration:
            heapq.heappop(running)
            continue
        yield request
        if request is not None and request.time != reading.time:
            heapq.heapreplace(running, reading._replace(time=request.time))


class _Reading(NamedTuple):
    """A file and the time that it has come to; the number decides between equal ones."""

    time: float
    number: int
    requests: Iterator[Request | None]
