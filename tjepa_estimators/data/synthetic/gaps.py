"""Gaps: values that were never recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["leave_gaps"]


def leave_gaps(
    rng: np.random.Generator, values: Float[np.ndarray, "count length"]
) -> Float[np.ndarray, "count length"]:
    """Miss one to three stretches of at most a twentieth of the series each, and some single values."""
    count, length = values.shape
    steps = np.arange(length)
    is_missing = rng.random(values.shape) < rng.uniform(0, 0.02, (count, 1))
    for number in range(3):
        start = rng.integers(0, length, (count, 1))
        long = rng.integers(1, max(length // 20, 1) + 1, (count, 1)) * (number <= rng.integers(0, 3, (count, 1)))
        is_missing |= (steps >= start) & (steps < start + long)
    return np.where(is_missing, np.nan, values)
