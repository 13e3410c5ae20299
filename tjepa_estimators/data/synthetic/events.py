"""Regimes and events: what happens to a series once or a few times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tjepa_estimators.data.synthetic.kinds import change_some, log_uniform

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["add_events", "level_shifts", "pulses", "spikes", "variance_changes"]


def add_events(
    rng: np.random.Generator, values: Float[np.ndarray, "count length"], share: float
) -> Float[np.ndarray, "count length"]:
    """Let each kind of event happen to a fourth of ``share`` of the rows, so that about ``share`` have one."""
    for change in (level_shifts, variance_changes, spikes, pulses):
        values = change_some(rng, values, change, share / 4)
    return values


def level_shifts(
    rng: np.random.Generator, values: Float[np.ndarray, "count length"]
) -> Float[np.ndarray, "count length"]:
    """Move to another level for good, once to three times."""
    count, length = values.shape
    total = np.zeros(values.shape)
    for number in range(3):
        size = _spread(values) * rng.normal(0, 1.5, (count, 1)) * (number <= rng.integers(0, 3, (count, 1)))
        total += size * (np.arange(length) >= rng.integers(1, length, (count, 1)))
    return values + total


def variance_changes(
    rng: np.random.Generator, values: Float[np.ndarray, "count length"]
) -> Float[np.ndarray, "count length"]:
    """Swing more or less around the mean from some moment on, up to four times."""
    count, length = values.shape
    is_after = np.arange(length) >= rng.integers(length // 8, length - length // 8, (count, 1))
    centre = values.mean(axis=1, keepdims=True)
    return centre + (values - centre) * np.where(is_after, log_uniform(rng, 0.25, 4.0, count), 1.0)


def spikes(rng: np.random.Generator, values: Float[np.ndarray, "count length"]) -> Float[np.ndarray, "count length"]:
    """Jump for single steps, one way or both ways."""
    count, length = values.shape
    is_spike = rng.random(values.shape) < log_uniform(rng, 1.0, 15.0, count) / length
    size = _spread(values) * (2 + rng.standard_gamma(1.0, values.shape) * 2)
    sign = np.where(rng.random((count, 1)) < 0.6, 1.0, rng.choice([-1.0, 1.0], values.shape))
    return values + is_spike * sign * size


def pulses(rng: np.random.Generator, values: Float[np.ndarray, "count length"]) -> Float[np.ndarray, "count length"]:
    """Rise at once and come back slowly: promotions, outages, storms."""
    count, length = values.shape
    total = np.zeros(values.shape)
    for _ in range(2):
        since = np.arange(length) - rng.integers(0, length, (count, 1))
        shape = np.where(since >= 0, np.exp(-np.maximum(since, 0) / log_uniform(rng, 3.0, 60.0, count)), 0.0)
        total += _spread(values) * rng.normal(0, 3.0, (count, 1)) * shape
    return values + total


def _spread(values: Float[np.ndarray, "count length"]) -> Float[np.ndarray, "count 1"]:
    return values.std(axis=1, keepdims=True)
