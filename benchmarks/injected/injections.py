"""Anomalies to plant into an untouched series, each with its place and how large it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float, Int

__all__ = ["KINDS", "Kind", "Planted", "drift", "faster", "shift", "spike"]

_LONGEST_SPIKE = 5
_LENGTH = 200
"""Steps of a level shift or a change of frequency; at most a quarter of the series."""
_LONGEST_DRIFT = 4000
"""Steps; at most three quarters of the series."""


@dataclass(frozen=True)
class Planted:
    """A series with an anomaly in it."""

    values: Float[np.ndarray, "time channels"]
    start: int
    stop: int
    """The step after its last one."""
    origin: Int[np.ndarray, "time"]
    """For each step the step of the untouched series that it comes from."""


def spike(clean: Float[np.ndarray, "time channels"], size: float, rng: np.random.Generator) -> Planted:
    """One to five steps lie ``size`` higher or lower, in some channels."""
    return _add(clean, size, int(rng.integers(1, _LONGEST_SPIKE + 1)), rng)


def shift(clean: Float[np.ndarray, "time channels"], size: float, rng: np.random.Generator) -> Planted:
    """Some channels lie ``size`` higher or lower for a while."""
    return _add(clean, size, min(_LENGTH, len(clean) // 4), rng)


def drift(clean: Float[np.ndarray, "time channels"], size: float, rng: np.random.Generator) -> Planted:
    """Some channels drift away until the end of the series, where they lie ``size`` higher or lower.

    It begins where the series still is as it was, and nothing jumps.
    """
    length = min(_LONGEST_DRIFT, 3 * len(clean) // 4)
    length = int(rng.integers(length // 2, length + 1))
    values, start = clean.copy(), len(clean) - length
    slope = np.arange(1, length + 1) / length
    values[start:] += slope[:, None] * _offset(clean, size, rng)
    return Planted(values, start, len(clean), np.arange(len(clean)))


def faster(clean: Float[np.ndarray, "time channels"], size: float, rng: np.random.Generator) -> Planted:
    """All channels run ``size`` times as fast for a while; what follows moves up, so that nothing jumps."""
    length = min(_LENGTH, int(len(clean) / (4 * size)))
    start = int(rng.integers(0, len(clean) - round(length * size) + 1))
    before, after = np.arange(start), np.arange(start + round(length * size), len(clean))
    time = np.concatenate([before, start + size * np.arange(length), after])
    steps = np.arange(len(clean))
    values = np.stack([np.interp(time, steps, channel) for channel in clean.T], axis=1)
    return Planted(values, start, start + length, np.minimum(time.round().astype(int), len(clean) - 1))


@dataclass(frozen=True)
class Kind:
    """A kind of anomaly, in three sizes."""

    plant: Callable[[np.ndarray, float, np.random.Generator], Planted]
    sizes: tuple[float, float, float]
    unit: str


_DEVIATIONS = "deviations of the training part"
KINDS: Mapping[str, Kind] = {
    "spike": Kind(spike, (2.0, 4.0, 8.0), _DEVIATIONS),
    "level shift": Kind(shift, (1.0, 2.0, 4.0), _DEVIATIONS),
    "slow drift": Kind(drift, (1.0, 2.0, 4.0), _DEVIATIONS),
    "frequency": Kind(faster, (1.5, 2.0, 3.0), "times as fast"),
}


def _add(clean: Float[np.ndarray, "time channels"], size: float, length: int, rng: np.random.Generator) -> Planted:
    start = int(rng.integers(0, len(clean) - length + 1))
    values = clean.copy()
    values[start : start + length] += _offset(clean, size, rng)
    return Planted(values, start, start + length, np.arange(len(clean)))


def _offset(
    clean: Float[np.ndarray, "time channels"], size: float, rng: np.random.Generator
) -> Float[np.ndarray, "channels"]:
    """Up or down in a random quarter of the channels, at least one; zero in the others."""
    channels = clean.shape[1]
    chosen = rng.permutation(channels)[: max(1, channels // 4)]
    offset = np.zeros(channels)
    offset[chosen] = size * rng.choice([-1.0, 1.0], len(chosen))
    return offset
