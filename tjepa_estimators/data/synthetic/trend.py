"""Trends: straight, bent, saturating, exponential, wandering."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tjepa_estimators.data.synthetic.curves import interpolate, smooth_curve, standardise
from tjepa_estimators.data.synthetic.kinds import Draw, draw_kinds, log_uniform

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["drift", "exponential", "line", "piecewise", "random_walk", "saturating", "trend"]


def trend(rng: np.random.Generator, count: int, length: int) -> Float[np.ndarray, "count length"]:
    """Draw a trend of zero mean and unit variance."""
    kinds: dict[Draw, float] = {
        line: 0.25,
        piecewise: 0.2,
        saturating: 0.1,
        exponential: 0.1,
        random_walk: 0.2,
        drift: 0.15,
    }
    return standardise(draw_kinds(rng, count, length, kinds))


def line(rng: np.random.Generator, count: int, length: int) -> Float[np.ndarray, "count length"]:
    """Rise or fall at a constant rate."""
    return np.linspace(-1, 1, length) * rng.choice([-1.0, 1.0], (count, 1))


def piecewise(rng: np.random.Generator, count: int, length: int) -> Float[np.ndarray, "count length"]:
    """Change the slope at two to eight moments."""
    bends = rng.integers(2, 9, (count, 1))
    warp = rng.uniform(0.5, 2.0, (count, 1))  # else the bends would be equally far apart
    positions = bends * np.linspace(0, 1, length) ** warp
    return interpolate(rng.standard_normal((count, 10)), positions)


def saturating(rng: np.random.Generator, count: int, length: int) -> Float[np.ndarray, "count length"]:
    """Go from one level to another along a logistic curve."""
    middle = rng.uniform(-0.8, 0.8, (count, 1))
    steepness = log_uniform(rng, 2.0, 20.0, count) * rng.choice([-1.0, 1.0], (count, 1))
    return np.tanh(steepness * (np.linspace(-1, 1, length) - middle) / 2)


def exponential(rng: np.random.Generator, count: int, length: int) -> Float[np.ndarray, "count length"]:
    """Grow or decay by a constant factor in each step."""
    return np.exp(rng.uniform(-3, 3, (count, 1)) * np.linspace(-1, 1, length))


def random_walk(rng: np.random.Generator, count: int, length: int) -> Float[np.ndarray, "count length"]:
    """Add up independent steps."""
    return np.cumsum(rng.standard_normal((count, length)), axis=1)


def drift(rng: np.random.Generator, count: int, length: int) -> Float[np.ndarray, "count length"]:
    """Swing smoothly and without a period."""
    return smooth_curve(rng, count, length, log_uniform(rng, 0.1, 0.6, count) * length)
