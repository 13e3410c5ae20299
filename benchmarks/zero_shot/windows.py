"""What every row forecasts: histories of one channel, and what came after them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["HISTORY", "LEVELS", "Windows", "drawn", "joined", "rolling"]

HISTORY = 2048
"""Steps before an origin that a row may read; no row reads more."""
LEVELS = tuple(round(0.1 * level, 1) for level in range(1, 10))
"""Quantiles that every row forecasts."""
_FEWEST = 64
"""Observed steps before an origin without which it is left out."""


@dataclass(frozen=True)
class Windows:
    """Windows of one set; those of a series are judged together."""

    season: int
    series: tuple[str, ...]
    """The series that each window is of."""
    histories: Float[np.ndarray, "windows history"]
    """NaN where nothing was observed, also before the series began."""
    truth: Float[np.ndarray, "windows horizon"]

    def __len__(self) -> int:
        return len(self.series)

    @property
    def horizon(self) -> int:
        """Steps ahead."""
        return self.truth.shape[1]

    def recent(self, steps: int) -> Float[np.ndarray, "windows steps"]:
        """The last steps of the histories."""
        return self.histories[:, -steps:]

    def take(self, places: Sequence[int] | np.ndarray) -> Windows:
        """Some of the windows."""
        series = tuple(self.series[place] for place in places)
        return replace(self, series=series, histories=self.histories[places], truth=self.truth[places])


def rolling(
    values: Float[np.ndarray, "time channels"], begin: int, horizon: int, season: int, name: str = ""
) -> Iterator[Windows]:
    """Windows of each channel whose truths follow each other from ``begin`` on and do not overlap.

    Examples
    --------
    >>> (one,) = rolling(np.arange(100.0)[:, None], begin=90, horizon=4, season=1)
    >>> one.truth
    array([[90., 91., 92., 93.],
           [94., 95., 96., 97.]])
    >>> one.recent(2)
    array([[88., 89.],
           [92., 93.]])
    """
    before = np.full((HISTORY, values.shape[1]), np.nan)
    padded = np.concatenate([before, values.astype(np.float64)])
    origins = HISTORY + np.arange(begin, len(values) - horizon + 1, horizon)
    for channel, column in enumerate(padded.T):
        histories = np.array([column[origin - HISTORY : origin] for origin in origins]).reshape(-1, HISTORY)
        truth = np.array([column[origin : origin + horizon] for origin in origins]).reshape(-1, horizon)
        found = Windows(season, (f"{name} {channel}",) * len(origins), histories, truth)
        usable = (np.isfinite(histories).sum(axis=1) >= _FEWEST) & np.isfinite(truth).any(axis=1)
        yield found.take(np.flatnonzero(usable))


def joined(parts: Sequence[Windows]) -> Windows:
    """All windows of several series."""
    return Windows(
        parts[0].season,
        tuple(name for part in parts for name in part.series),
        np.concatenate([part.histories for part in parts]),
        np.concatenate([part.truth for part in parts]),
    )


def drawn(windows: Windows, most: int, seed: int = 0) -> Windows:
    """At most so many windows, drawn by chance, the same for every row."""
    if len(windows) <= most:
        return windows
    return windows.take(np.sort(np.random.default_rng(seed).choice(len(windows), most, replace=False)))
