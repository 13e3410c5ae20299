"""Timing on a machine that others use too: rivals take turns, and medians are compared."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

__all__ = ["Timing", "measure", "take_turns"]


@dataclass(frozen=True)
class Timing:
    """Seconds that a piece of work took."""

    wall: float
    cpu: float

    def __mul__(self, factor: float) -> Timing:
        return Timing(self.wall * factor, self.cpu * factor)


def measure(work: Callable[[], object]) -> Timing:
    """Run once. Threads of this process count for CPU seconds, other processes do not."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Timing(time.perf_counter() - wall, time.process_time() - cpu)


def take_turns(rivals: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Timing]:
    """Run all rivals in turn, some rounds after one that does not count; medians for each."""
    for work in rivals.values():
        work()
    found = [{name: measure(work) for name, work in rivals.items()} for _ in range(rounds)]
    return {name: median([one[name] for one in found]) for name in rivals}


def median(timings: list[Timing]) -> Timing:
    """Median of wall and of CPU seconds."""
    return Timing(statistics.median(one.wall for one in timings), statistics.median(one.cpu for one in timings))
