"""A series as most are recorded: seasons, a trend and noise, added or multiplied."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tjepa_estimators.data.synthetic.curves import standardise
from tjepa_estimators.data.synthetic.noise import ar1, noise
from tjepa_estimators.data.synthetic.seasonal import seasons
from tjepa_estimators.data.synthetic.trend import trend

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["seasonal_mixture"]


def seasonal_mixture(rng: np.random.Generator, count: int, length: int) -> Float[np.ndarray, "count length"]:
    """Draw seasons with a trend, persistent deviations such as weather, and noise; a third are multiplied."""
    wave = seasons(rng, count, length)
    slow = _weight(rng, count, 0.7, 0.6) * trend(rng, count, length)
    weather = _weight(rng, count, 0.7, 0.5) * standardise(ar1(rng, count, length))
    rough = _weight(rng, count, 1.0, 0.2) * noise(rng, count, length)
    added = wave + slow + weather + rough
    swing = rng.uniform(0.1, 0.7, (count, 1))
    multiplied = np.exp(np.clip(swing * (wave + weather) + 0.5 * slow, -6, 6)) * (1 + 0.3 * rough)
    is_clipped = rng.random((count, 1)) < 0.1
    added = np.where(is_clipped, np.maximum(added, -rng.uniform(0.2, 1.0, (count, 1))), added)
    return np.where(rng.random((count, 1)) < 0.33, multiplied, added)


def _weight(rng: np.random.Generator, count: int, share: float, scale: float) -> Float[np.ndarray, "count 1"]:
    """Mostly small weights, and none at all in some rows."""
    return scale * rng.gamma(1.5, 0.67, (count, 1)) * (rng.random((count, 1)) < share)
