"""Requests in, counts per base step and a report out; one pass, nothing is kept of a request."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from tjepa_estimators.errors import DataError
from tjepa_webtraffic.logs.visits import Visits

if TYPE_CHECKING:
    from tjepa_webtraffic.logs.config import LogConfig
    from tjepa_webtraffic.logs.requests import Request

__all__ = ["Counts", "LogReport", "count"]

_MOST_LATE = 0.01


@dataclass(slots=True)
class LogReport:
    """What the lines of a log were."""

    lines: int = 0
    malformed: int = 0
    """In no known format, or without a time or a visitor."""
    bots: int = 0
    others: int = 0
    """Requests of people that are no page views: images, errors, forms."""
    page_views: int = 0
    sessions: int = 0
    late: int = 0
    """Page views so far out of order that their sessions may be counted twice."""
    silences: list[tuple[pd.Timestamp, pd.Timestamp]] = field(default_factory=list)
    """Spans without a line that count as gaps."""

    @property
    def is_clean(self) -> bool:
        """No line was malformed or late, and the log was never silent."""
        return not (self.malformed or self.late or self.silences)

    def __str__(self) -> str:
        silent = ", ".join(f"{begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}" for begin, end in self.silences)
        return (
            f"{self.lines} lines: {self.page_views} page views in {self.sessions} sessions, {self.bots} of bots, "
            f"{self.others} other requests, {self.malformed} malformed, {self.late} late; silent: {silent or 'never'}"
        )


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted."""

    steps: pd.DataFrame
    """Page views and sessions of the base steps that have any, by the beginning of the step in UTC."""
    first: pd.Timestamp
    last: pd.Timestamp
    report: LogReport


def count(requests: Iterable[Request | None], config: LogConfig, label: str) -> Counts:
    """Count page views and sessions.

    Parameters
    ----------
    requests
        In the order of the log; None for a malformed line.
    config
        How to count.
    label
        Which log, for messages.

    Raises
    ------
    DataError
        If no line is a request, or more than 1 % of the page views are out of order.
    """
    report, visits = LogReport(), Visits(config.base, pd.Timedelta(config.timeout).total_seconds())
    first, last = _pass(requests, config, report, visits)
    if last < first:
        raise DataError(f"{label} has {report.lines} lines and none is a request in a known format.")
    if visits.late > _MOST_LATE * report.page_views:
        raise DataError(
            f"{label} is not in the order of time: {visits.late} of {report.page_views} page views come more than "
            f"{config.timeout} behind an earlier line, so sessions cannot be told. Sort it by time first."
        )
    report.late, report.sessions = visits.late, sum(visits.sessions.values())
    return Counts(_frame(visits, config.base), _stamp(first), _stamp(last), report)


def _pass(
    requests: Iterable[Request | None], config: LogConfig, report: LogReport, visits: Visits
) -> tuple[float, float]:
    """Times of the first and the last request."""
    silence = float("inf") if config.silence is None else pd.Timedelta(config.silence).total_seconds()
    first, last = float("inf"), float("-inf")
    for request in requests:
        report.lines += 1
        if request is None:
            report.malformed += 1
            continue
        if silence <= request.time - last < float("inf"):
            report.silences.append((_stamp(last), _stamp(request.time)))
        first, last = min(first, request.time), max(last, request.time)
        if config.is_bot is not None and config.is_bot(request):
            report.bots += 1
        elif config.is_page(request):
            report.page_views += 1
            visits.add(request.time, request.visitor)
        else:
            report.others += 1
    return first, last


def _frame(visits: Visits, base: int) -> pd.DataFrame:
    numbers = sorted(visits.page_views)
    return pd.DataFrame(
        {
            "page_views": [visits.page_views[number] for number in numbers],
            "sessions": [visits.sessions[number] for number in numbers],
        },
        index=pd.DatetimeIndex(pd.to_datetime([number * base for number in numbers], unit="s"), name="time"),
    )


def _stamp(seconds: float) -> pd.Timestamp:
    return pd.Timestamp(seconds, unit="s")
