"""Keep a distance in time between requests."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["Pace"]


@dataclass(slots=True)
class Pace:
    """Waits until a request may be made; to be called before each.

    Parameters
    ----------
    interval
        Least seconds between two requests.
    sleep
        Waits; tests pass a function that only notes the seconds.

    Examples
    --------
    >>> waits = []
    >>> pace = Pace(10.0, sleep=waits.append)
    >>> pace.wait(), pace.wait(), [round(seconds) for seconds in waits]
    (None, None, [10])
    """

    interval: float = 0.0
    sleep: Callable[[float], None] = time.sleep
    _earliest: float = field(default=0.0, init=False, repr=False, compare=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False, compare=False)

    def wait(self) -> None:
        """Return as soon as the interval since the last request is over; requests of other threads count."""
        with self._lock:
            now = time.monotonic()
            pause = self._earliest - now
            self._earliest = max(now, self._earliest) + self.interval
        if pause > 0:
            self.sleep(pause)
