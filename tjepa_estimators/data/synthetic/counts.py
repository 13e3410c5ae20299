"""Counts: whole numbers that cannot be negative, busy or intermittent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tjepa_estimators.data.synthetic.kinds import draw_kinds, log_uniform
from tjepa_estimators.data.synthetic.noise import noise
from tjepa_estimators.data.synthetic.seasonal import seasons
from tjepa_estimators.data.synthetic.trend import trend

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["arrivals", "counts", "intermittent", "overdispersed"]

_MOST = 1e6
"""Bound of the expected number, so that a single precision number holds it exactly."""


def counts(rng: np.random.Generator, count: int, length: int) -> Float[np.ndarray, "count length"]:
    """Draw whole numbers; nothing is scaled afterwards."""
    return draw_kinds(rng, count, length, {arrivals: 0.45, overdispersed: 0.3, intermittent: 0.25})


def arrivals(rng: np.random.Generator, count: int, length: int) -> Float[np.ndarray, "count length"]:
    """Count independent arrivals at a rate with seasons and a trend."""
    return rng.poisson(_rate(rng, count, length, log_uniform(rng, 0.5, 3000.0, count)))


def overdispersed(rng: np.random.Generator, count: int, length: int) -> Float[np.ndarray, "count length"]:
    """Count arrivals whose rate itself is random: views and orders that come in bursts."""
    shape = log_uniform(rng, 0.5, 20.0, count)
    rate = _rate(rng, count, length, log_uniform(rng, 1.0, 3000.0, count))
    return rng.poisson(np.minimum(rate * rng.standard_gamma(shape, (count, length)) / shape, _MOST))


def intermittent(rng: np.random.Generator, count: int, length: int) -> Float[np.ndarray, "count length"]:
    """Sell nothing in most steps, and a few pieces in the others."""
    often = np.clip(_rate(rng, count, length, log_uniform(rng, 0.03, 0.5, count)), 0.0, 0.9)
    size = 1 + rng.poisson(log_uniform(rng, 0.1, 20.0, count), (count, length))
    return np.where(rng.random((count, length)) < often, size, 0)


def _rate(
    rng: np.random.Generator, count: int, length: int, level: Float[np.ndarray, "count 1"]
) -> Float[np.ndarray, "count length"]:
    weights = rng.uniform(0.0, (0.8, 0.4, 0.2), (count, 3))
    parts = np.stack([seasons(rng, count, length), trend(rng, count, length), noise(rng, count, length)], axis=1)
    return np.minimum(level * np.exp(np.einsum("ck,ckt->ct", weights, np.clip(parts, -4, 4))), _MOST)
