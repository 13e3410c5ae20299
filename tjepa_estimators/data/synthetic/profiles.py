"""Profiles: the shape of one cycle, as a table that any period can be read from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tjepa_estimators.data.synthetic.curves import standardise
from tjepa_estimators.data.synthetic.kinds import Draw, draw_kinds, log_uniform

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["CYCLE", "bump_profile", "daylight_profile", "harmonic_profile", "profile", "ramp_profile", "switch_profile"]

CYCLE = 256
"""Points of a profile; between them it is read along straight lines."""


def profile(rng: np.random.Generator, count: int) -> Float[np.ndarray, "count points"]:
    """Draw one cycle of each series, of zero mean and unit variance, at ``CYCLE`` points."""
    kinds: dict[Draw, float] = {
        harmonic_profile: 0.55,
        bump_profile: 0.2,
        daylight_profile: 0.13,
        switch_profile: 0.07,
        ramp_profile: 0.05,
    }
    return standardise(draw_kinds(rng, count, CYCLE, kinds))


def harmonic_profile(rng: np.random.Generator, count: int, points: int) -> Float[np.ndarray, "count points"]:
    """Sum up to eight harmonics whose amplitudes fall with a random power of their number."""
    number = np.arange(1, 9)
    fall = rng.uniform(0.7, 2.5, (count, 1))
    amplitude = number**-fall * rng.standard_normal((count, 8))
    amplitude *= number <= rng.integers(1, 9, (count, 1))
    spectrum = np.zeros((count, points // 2 + 1), dtype=complex)
    spectrum[:, 1:9] = amplitude * np.exp(2j * np.pi * rng.random((count, 8)))
    return np.fft.irfft(spectrum, points, axis=1)


def bump_profile(rng: np.random.Generator, count: int, points: int) -> Float[np.ndarray, "count points"]:
    """Put one to three narrow peaks into the cycle, as rush hours do."""
    total = np.zeros((count, points))
    for number in range(3):
        height = rng.uniform(0.3, 1.0, (count, 1)) * (number <= rng.integers(0, 3, (count, 1)))
        narrow = log_uniform(rng, 3.0, 60.0, count)
        total += height * np.exp(narrow * (np.cos(_angle(rng, count, points)) - 1))
    return total


def daylight_profile(rng: np.random.Generator, count: int, points: int) -> Float[np.ndarray, "count points"]:
    """Rise from zero and fall back to it, and stay there for the rest: sunshine, office hours."""
    height = np.cos(_angle(rng, count, points)) + rng.uniform(-0.4, 0.4, (count, 1))
    return np.maximum(height, 0.0) ** log_uniform(rng, 0.4, 2.0, count)


def switch_profile(rng: np.random.Generator, count: int, points: int) -> Float[np.ndarray, "count points"]:
    """Be high for a part of the cycle and low for the rest, with more or less steep edges."""
    height = np.cos(_angle(rng, count, points)) - rng.uniform(-0.7, 0.7, (count, 1))
    return np.tanh(log_uniform(rng, 3.0, 40.0, count) * height)


def ramp_profile(rng: np.random.Generator, count: int, points: int) -> Float[np.ndarray, "count points"]:
    """Rise slowly and fall fast, or the reverse."""
    share = (_angle(rng, count, points) / (2 * np.pi)) % 1.0
    turn = rng.uniform(0.05, 0.95, (count, 1))
    return np.where(share < turn, share / turn, (1 - share) / (1 - turn))


def _angle(rng: np.random.Generator, count: int, points: int) -> Float[np.ndarray, "count points"]:
    """Angle along the cycle, from a random start."""
    return 2 * np.pi * (np.arange(points) / points + rng.random((count, 1)))
