"""Chaos in discrete time: a map of the interval, and an equation with a delay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["logistic", "mackey_glass"]

_WARM_UP = 200


def logistic(rng: np.random.Generator, count: int, length: int) -> Float[np.ndarray, "count length"]:
    """Iterate ``x -> r x (1 - x)``, r from 3.5 (a cycle of four) to 4 (chaos)."""
    rate, state = rng.uniform(3.5, 3.99, count), rng.uniform(0.1, 0.9, count)
    path = np.empty((length + _WARM_UP, count))
    for now in range(len(path)):
        state = rate * state * (1 - state)
        path[now] = state
    return path[_WARM_UP:].T


def mackey_glass(rng: np.random.Generator, count: int, length: int) -> Float[np.ndarray, "count length"]:
    """Follow the Mackey-Glass equation ``x' = 0.2 x(t-d) / (1 + x(t-d)^10) - 0.1 x``, delay d from 15 to 40.

    What decays is integrated exactly and what comes back after the delay is held for a step, so no step is too long.
    """
    step, delay = rng.uniform(0.4, 1.5, count), rng.uniform(15.0, 40.0, count)
    back = np.maximum(np.round(delay / step).astype(int), 1)
    kept, row = np.exp(-0.1 * step), np.arange(count)
    most = int(back.max(initial=1))
    path = np.empty((most + length + _WARM_UP, count))
    path[:most] = 1.2 + 0.2 * rng.standard_normal((most, count))
    for now in range(most, len(path)):
        late = path[now - back, row]
        path[now] = kept * path[now - 1] + (1 - kept) * 2 * late / (1 + late**10)
    return path[-length:].T
