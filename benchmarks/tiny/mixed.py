"""Blends of real series: more variety from the little real data that may be shipped in trained weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tjepa_estimators import Series

__all__ = ["mixed_series"]

_BLENDED = 3
"""Most series in one blend."""
_STRETCH = 2.0
"""Most that a piece is slowed down or sped up, so that a season may have any number of steps."""
_UPSIDE_DOWN = 0.2
"""Share of the pieces that are turned over."""
_OBSERVED = 0.8


def mixed_series(domains: Mapping[str, Sequence[Series]], count: int, length: int, seed: int) -> np.ndarray:
    """Weighted sums of one to three pieces of series of any domain, each in its own deviations and at its own speed.

    Source: TSMixup of Chronos (arXiv 2403.07815), section 4.1; the stretching is ours.

    Returns
    -------
    Float32 ``[count length]``, NaN before the first value of a piece that was too short.
    """
    random = np.random.default_rng(seed)
    columns = [
        [one.values[:, channel].astype(np.float64) for one in series for channel in range(one.num_channels)]
        for series in domains.values()
    ]
    mixed = np.empty((count, length), np.float32)
    for row in mixed:
        weights = random.dirichlet(np.full(random.integers(1, _BLENDED + 1), 1.5))
        row[:] = sum(weight * _piece(columns, length, random) for weight in weights)
    return mixed


def _piece(columns: Sequence[Sequence[np.ndarray]], length: int, random: np.random.Generator) -> np.ndarray:
    """One piece with mean 0 and deviation 1, at the end of ``length`` steps."""
    while True:
        domain = columns[random.integers(len(columns))]
        values = domain[random.integers(len(domain))]
        stretch = _STRETCH ** random.uniform(-1.0, 1.0)
        steps = min(round(length / stretch), len(values))
        begin = random.integers(len(values) - steps + 1)
        piece = values[begin : begin + steps]
        known = np.isfinite(piece)
        if known.mean() >= _OBSERVED and np.nanstd(piece) > 1e-6 * (1.0 + abs(np.nanmean(piece))):
            break
    places = np.flatnonzero(known)
    wanted = min(length, round(steps * stretch))
    resampled = np.interp(np.linspace(0, steps - 1, wanted), places, piece[known])
    scaled = (resampled - resampled.mean()) / max(resampled.std(), 1e-6)
    sign = -1.0 if random.random() < _UPSIDE_DOWN else 1.0
    return np.concatenate([np.full(length - wanted, np.nan), sign * scaled])
