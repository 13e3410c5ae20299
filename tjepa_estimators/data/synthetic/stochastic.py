"""Stochastic processes: prices, integrated noise, mean reversion, volatility that clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tjepa_estimators.data.synthetic.curves import standardise
from tjepa_estimators.data.synthetic.kinds import Draw, draw_kinds, log_uniform
from tjepa_estimators.data.synthetic.noise import ar1, ar2, arma, recursive

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["integrated", "price", "returns", "stochastic", "switching"]


def stochastic(rng: np.random.Generator, count: int, length: int) -> Float[np.ndarray, "count length"]:
    """Draw a process that is driven by chance alone."""
    kinds: dict[Draw, float] = {
        ar1: 0.15,
        ar2: 0.15,
        arma: 0.2,
        integrated: 0.15,
        price: 0.2,
        returns: 0.05,
        switching: 0.1,
    }
    return standardise(draw_kinds(rng, count, length, kinds))


def returns(rng: np.random.Generator, count: int, length: int) -> Float[np.ndarray, "count length"]:
    """Draw uncorrelated values whose variance follows an autoregression in its logarithm."""
    calm = recursive(rng, -(1 - log_uniform(rng, 0.01, 0.1, count)), np.zeros((count, 0)), length)
    return np.exp(rng.uniform(0.2, 0.9, (count, 1)) * standardise(calm)) * rng.standard_normal((count, length))


def price(rng: np.random.Generator, count: int, length: int) -> Float[np.ndarray, "count length"]:
    """Add such returns up in the logarithm, with a small drift."""
    rate = standardise(returns(rng, count, length)) + 0.05 * rng.standard_normal((count, 1))
    path = log_uniform(rng, 0.002, 0.03, count) * np.cumsum(rate, axis=1)
    return np.exp(np.clip(path, -20, 20))  # hundreds of thousands of steps would overflow


def integrated(rng: np.random.Generator, count: int, length: int) -> Float[np.ndarray, "count length"]:
    """Add up a process with memory; a third of them drift."""
    steps = standardise(arma(rng, count, length))
    slope = 0.1 * rng.standard_normal((count, 1)) * (rng.random((count, 1)) < 0.33)
    return np.cumsum(steps + slope, axis=1)


def switching(rng: np.random.Generator, count: int, length: int) -> Float[np.ndarray, "count length"]:
    """Jump between two levels of different noise, staying at each for a random time."""
    leave = 1 / log_uniform(rng, 20.0, 200.0, count)
    state = np.cumsum(rng.random((count, length)) < leave, axis=1) % 2
    spread = rng.uniform(0.02, 0.6, (2, count, 1))
    return state + np.where(state == 0, spread[0], spread[1]) * standardise(ar1(rng, count, length))
