"""A small log of a shop that never was, computed: for examples, tests and ``sample()``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np

from tjepa_webtraffic.logs.lines import MONTHS

__all__ = ["sample_lines"]

_PAGES = ("/", "/shop", "/shop/chairs", "/shop/tables", "/cart", "/about", "/blog/oak")
_BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
_ROBOT = "Mozilla/5.0 (compatible; Examplebot/2.1; +http://example.com/bot.html)"


def sample_lines(days: int = 6, seed: int = 0) -> Iterator[str]:
    """Lines in the combined log format, about 150 a day: visitors by the hour of the day, and a robot.

    All of it is computed: the addresses are those reserved for documentation (192.0.2.0/24, 198.51.100.0/24).

    Examples
    --------
    >>> next(sample_lines()).partition(" HTTP")[0]
    '198.51.100.7 - - [04/Mar/2024:00:51:02 +0000] "GET /blog/oak'
    """
    random = np.random.default_rng(seed)
    start = datetime(2024, 3, 4, tzinfo=UTC)
    found = [line for hour in range(24 * days) for line in _hour(start + timedelta(hours=hour), random)]
    return (line for _, line in sorted(found))


def _hour(begin: datetime, random: np.random.Generator) -> Iterator[tuple[datetime, str]]:
    robot = begin + timedelta(seconds=int(random.integers(3600)))
    yield robot, _line(robot, "198.51.100.7", "/blog/oak", _ROBOT)
    busy = 1 + np.sin(2 * np.pi * (begin.hour - 9) / 24)
    for _ in range(random.poisson(0.9 * busy)):
        host, time = f"192.0.2.{random.integers(256)}", begin + timedelta(seconds=int(random.integers(3600)))
        for _ in range(1 + random.poisson(1.5)):
            yield time, _line(time, host, str(random.choice(_PAGES)), _BROWSER)
            yield time, _line(time, host, "/style.css", _BROWSER)
            time += timedelta(seconds=int(random.integers(5, 300)))


def _line(time: datetime, host: str, path: str, agent: str) -> str:
    month = [*MONTHS][time.month - 1]
    return f'{host} - - [{time:%d}/{month}/{time:%Y:%H:%M:%S} +0000] "GET {path} HTTP/1.1" 200 5120 "-" "{agent}"'
