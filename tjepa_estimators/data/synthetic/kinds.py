"""Mixtures: each row of a batch is drawn by one of several generators, or changed with some probability."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["Change", "Draw", "change_some", "draw_kinds", "log_uniform"]

Draw: TypeAlias = Callable[[np.random.Generator, int, int], Any]
"""``draw(rng, count, length)`` gives new rows, shape (count, length)."""

Change: TypeAlias = Callable[[np.random.Generator, Any], Any]
"""``change(rng, values)`` gives changed rows, shape (count, length), and leaves ``values`` as they are."""


def draw_kinds(
    rng: np.random.Generator, count: int, length: int, kinds: Mapping[Draw, float]
) -> Float[np.ndarray, "count length"]:
    """Draw each row by one of ``kinds``, chosen with the given probabilities."""
    chosen = rng.choice(len(kinds), size=count, p=list(kinds.values()))
    values = np.empty((count, length))
    for kind, draw in enumerate(kinds):
        rows = np.flatnonzero(chosen == kind)
        if len(rows):
            values[rows] = draw(rng, len(rows), length)
    return values


def change_some(
    rng: np.random.Generator, values: Float[np.ndarray, "count length"], change: Change, share: float
) -> Float[np.ndarray, "count length"]:
    """Change each row with probability ``share``."""
    rows = np.flatnonzero(rng.random(len(values)) < share)
    if len(rows) == 0:
        return values
    changed = values.copy()
    changed[rows] = change(rng, values[rows])
    return changed


def log_uniform(rng: np.random.Generator, low: float, high: float, size: int) -> Float[np.ndarray, "count 1"]:
    """Draw positive numbers whose logarithm is uniform, as a column."""
    return np.exp(rng.uniform(np.log(low), np.log(high), (size, 1)))
