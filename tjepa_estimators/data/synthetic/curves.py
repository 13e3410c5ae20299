"""Curves through knots: what slow drifts, profiles of a day and piecewise trends are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["interpolate", "smooth_curve", "standardise"]


def interpolate(
    knots: Float[np.ndarray, "count knots"], positions: Float[np.ndarray, "count length"], *, is_smooth: bool = False
) -> Float[np.ndarray, "count length"]:
    """Read each row of ``knots`` at fractional positions: along straight lines, or level at each knot."""
    left = np.clip(positions.astype(np.intp), 0, knots.shape[1] - 2)
    share = positions - left
    if is_smooth:
        share = share * share * (3 - 2 * share)
    low = np.take_along_axis(knots, left, axis=1)
    return low + share * (np.take_along_axis(knots, left + 1, axis=1) - low)


def smooth_curve(
    rng: np.random.Generator, count: int, length: int, spacing: Float[np.ndarray, "count 1"]
) -> Float[np.ndarray, "count length"]:
    """Draw a smooth curve of about unit variance that turns every ``spacing`` steps or so."""
    positions = np.arange(length) / spacing + rng.random((count, 1))
    knots = rng.standard_normal((count, int(positions.max()) + 2))
    return interpolate(knots, positions, is_smooth=True)


def standardise(values: Float[np.ndarray, "count length"]) -> Float[np.ndarray, "count length"]:
    """Shift and scale each row to zero mean and unit variance; a row that does not vary becomes zero."""
    centred = values - values.mean(axis=1, keepdims=True)
    deviation = centred.std(axis=1, keepdims=True)
    floor = 1e-9 * (1 + np.abs(values).max(axis=1, keepdims=True))
    return np.where(deviation > floor, centred / np.maximum(deviation, floor), 0.0)
