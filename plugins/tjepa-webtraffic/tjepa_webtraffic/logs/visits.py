"""Count page views and sessions while the requests pass by, in memory that does not grow with their number."""

from __future__ import annotations

from collections import defaultdict

__all__ = ["Visits"]


class Visits:
    """Page views and beginning sessions of each step.

    A session is a row of page views of one visitor without a pause longer than ``timeout``; it counts in the step in
    which it begins. Only visitors whose session may go on are remembered. Requests may come late, as servers write
    them when they are answered: up to ``timeout`` behind the latest one, sessions are the same.

    Parameters
    ----------
    step
        Seconds of a step.
    timeout
        Seconds after which the next page view of a visitor begins a new session.

    Examples
    --------
    >>> visits = Visits(step=3600, timeout=1800)
    >>> for minute in (0, 20, 70, 130):
    ...     visits.add(60.0 * minute, "anna")
    >>> dict(visits.page_views), dict(visits.sessions)
    ({0: 2, 1: 1, 2: 1}, {0: 1, 1: 1, 2: 1})
    """

    def __init__(self, step: int, timeout: float) -> None:
        self.page_views: defaultdict[int, int] = defaultdict(int)
        self.sessions: defaultdict[int, int] = defaultdict(int)
        self.late = 0
        """Page views that came more than ``timeout`` behind the latest one, whose sessions may be counted twice."""
        self._step = step
        self._timeout = timeout
        self._last: dict[str, float] = {}
        self._clock = self._swept = float("-inf")

    @property
    def num_open(self) -> int:
        """Visitors that are remembered."""
        return len(self._last)

    def add(self, time: float, visitor: str) -> None:
        """Count a page view."""
        step = int(time // self._step)
        self.page_views[step] += 1
        last = self._last.get(visitor)
        if last is None or abs(time - last) > self._timeout:
            self.sessions[step] += 1
        self._last[visitor] = time if last is None else max(time, last)
        self.late += time < self._clock - self._timeout
        if time > self._clock:
            self._clock = time
            self._forget()

    def _forget(self) -> None:
        """Drop visitors whose session is over, even for a late request; seldom, as it looks at all of them."""
        if self._clock > self._swept + self._timeout:
            over = self._clock - 2 * self._timeout
            self._last = {visitor: last for visitor, last in self._last.items() if last >= over}
            self._swept = self._clock
