"""Noise: white, heavy-tailed, of changing variance, and with memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.signal import lfilter

from tjepa_estimators.data.synthetic.curves import smooth_curve, standardise
from tjepa_estimators.data.synthetic.kinds import Draw, draw_kinds, log_uniform

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["ar1", "ar2", "arma", "heavy_tailed", "heteroscedastic", "noise", "recursive", "white"]

_WARM_UP = 256
"""Steps thrown away, so that a recursion has forgotten that it started at zero."""


def noise(rng: np.random.Generator, count: int, length: int) -> Float[np.ndarray, "count length"]:
    """Draw noise of zero mean and unit variance."""
    kinds: dict[Draw, float] = {white: 0.3, ar1: 0.35, ar2: 0.1, heteroscedastic: 0.15, heavy_tailed: 0.1}
    return standardise(draw_kinds(rng, count, length, kinds))


def white(rng: np.random.Generator, count: int, length: int) -> Float[np.ndarray, "count length"]:
    """Draw independent Gaussian values."""
    return rng.standard_normal((count, length))


def heavy_tailed(rng: np.random.Generator, count: int, length: int) -> Float[np.ndarray, "count length"]:
    """Draw independent values of Student's distribution with 2.5 to 8 degrees of freedom."""
    return rng.standard_t(rng.uniform(2.5, 8.0, (count, 1)), (count, length))


def heteroscedastic(rng: np.random.Generator, count: int, length: int) -> Float[np.ndarray, "count length"]:
    """Let the standard deviation drift over a factor of ten or so."""
    calm = smooth_curve(rng, count, length, log_uniform(rng, 30.0, 400.0, count))
    return rng.standard_normal((count, length)) * np.exp(rng.uniform(0.4, 1.0, (count, 1)) * calm)


def ar1(rng: np.random.Generator, count: int, length: int) -> Float[np.ndarray, "count length"]:
    """Let each value keep a part of the one before; many keep nearly all of it, some overshoot."""
    kept = 1 - log_uniform(rng, 0.005, 1.0, count)
    kept *= np.where(rng.random((count, 1)) < 0.1, -0.9, 1.0)
    return recursive(rng, -kept, np.zeros((count, 0)), length)


def ar2(rng: np.random.Generator, count: int, length: int) -> Float[np.ndarray, "count length"]:
    """Swing with a period of 4 to 200 steps that is lost and found again."""
    radius = 1 - log_uniform(rng, 0.005, 0.2, count)
    angle = 2 * np.pi / log_uniform(rng, 4.0, 200.0, count)
    return recursive(rng, np.hstack([-2 * radius * np.cos(angle), radius**2]), np.zeros((count, 0)), length)


def arma(rng: np.random.Generator, count: int, length: int) -> Float[np.ndarray, "count length"]:
    """Draw a stable process with four random poles and up to three random zeros."""
    radius, turn = rng.uniform(0.2, 0.985, (count, 2)), np.pi * rng.random((count, 2)) ** 2
    first = np.stack([np.ones(count), -2 * radius[:, 0] * np.cos(turn[:, 0]), radius[:, 0] ** 2])
    second = np.stack([np.ones(count), -2 * radius[:, 1] * np.cos(turn[:, 1]), radius[:, 1] ** 2])
    past = np.zeros((5, count))
    for lag in range(3):
        past[lag : lag + 3] += second[lag] * first
    return recursive(rng, past[1:].T, rng.uniform(-0.7, 0.7, (count, 3)), length)


def recursive(
    rng: np.random.Generator,
    past: Float[np.ndarray, "count lags"],
    shocks: Float[np.ndarray, "count shocks"],
    length: int,
) -> Float[np.ndarray, "count length"]:
    """Run ``y[t] + past[0] y[t-1] + ... = e[t] + shocks[0] e[t-1] + ...`` on white noise.

    Parameters
    ----------
    past
        Coefficients of the earlier values, on the left side: 0.9 of the last value is kept where it is -0.9.
    shocks
        Coefficients of the earlier noise.
    """
    drive = rng.standard_normal((len(past), length + _WARM_UP))
    ones = np.ones((len(past), 1))
    filters = zip(np.hstack([ones, shocks]), np.hstack([ones, past]), drive, strict=True)
    return np.stack([lfilter(moving, auto, row) for moving, auto, row in filters])[:, _WARM_UP:]
