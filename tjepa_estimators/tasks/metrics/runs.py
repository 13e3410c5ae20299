"""Runs: the stretches of consecutive steps that are labelled, or that raise an alarm."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Bool, Int

__all__ = ["Runs", "count_overlaps", "find_runs"]


class Runs(NamedTuple):
    """First step of each run, and the step after its last, in order of time."""

    start: Int[np.ndarray, "runs"]
    stop: Int[np.ndarray, "runs"]


def find_runs(active: Bool[np.ndarray, "time"]) -> Runs:
    """The longest stretches of true steps.

    Examples
    --------
    >>> start, stop = find_runs(np.array([True, False, True, True]))
    >>> start.tolist(), stop.tolist()
    ([0, 2], [1, 4])
    """
    edges = np.diff(active.astype(np.int8), prepend=0, append=0)
    return Runs(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1))


def count_overlaps(runs: Runs, others: Runs) -> Int[np.ndarray, "runs"]:
    """How many of the others share a step with each run."""
    begun = np.searchsorted(others.start, runs.stop, side="left")
    over = np.searchsorted(others.stop, runs.start, side="right")
    return begun - over
