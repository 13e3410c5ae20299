"""Dynamical systems: chaotic and oscillating, one integrator for all of them.

Each system is quadratic in its state, so its right side is a table of coefficients of products of two entries of
``(1, x, y, z, w)``; systems and parameters differ between rows, and a step of the integrator serves the whole batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tjepa_estimators.data.synthetic.curves import standardise
from tjepa_estimators.data.synthetic.flows import FLOWS
from tjepa_estimators.data.synthetic.kinds import draw_kinds, log_uniform
from tjepa_estimators.data.synthetic.maps import logistic, mackey_glass

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["flow", "integrate", "systems"]

_WARM_UP = 200
_FAR = 1e4
"""No attractor here reaches that far; a state that does is held, and its row is replaced later."""


def systems(rng: np.random.Generator, count: int, length: int) -> Float[np.ndarray, "count length"]:
    """Draw one observed variable of a random system, some with a little noise of the sensor."""
    values = standardise(draw_kinds(rng, count, length, {flow: 0.75, mackey_glass: 0.17, logistic: 0.08}))
    is_noisy = rng.random((count, 1)) < 0.6
    return values + is_noisy * log_uniform(rng, 0.01, 0.3, count) * rng.standard_normal((count, length))


def flow(rng: np.random.Generator, count: int, length: int) -> Float[np.ndarray, "count length"]:
    """Draw one variable of a system of differential equations, sampled at a random rate."""
    chosen = rng.integers(len(FLOWS), size=count)
    table, start, step = np.zeros((25, 4, count)), np.empty((4, count)), np.empty(count)
    for number, make in enumerate(FLOWS):
        rows = np.flatnonzero(chosen == number)
        terms, state, longest = make(rng, len(rows))
        for (equation, one, other), coefficient in terms.items():
            table[5 * one + other, equation, rows] += coefficient
        start[:, rows] = np.array(state)[:, np.newaxis]
        step[rows] = longest * log_uniform(rng, 0.15, 1.0, len(rows))[:, 0]
    start *= np.exp(0.2 * rng.standard_normal(start.shape))
    path = integrate(table, start, step, length + _WARM_UP)[_WARM_UP:]
    observed = rng.integers(0, 2, count)  # the first two variables are the lively ones
    return path[:, observed, np.arange(count)].T


def integrate(
    table: Float[np.ndarray, "25 4 count"],
    start: Float[np.ndarray, "4 count"],
    step: Float[np.ndarray, " count"],
    length: int,
) -> Float[np.ndarray, "length 4 count"]:
    """Follow all systems by the classical Runge-Kutta method of fourth order.

    Parameters
    ----------
    table
        Coefficient of each product of two entries of ``(1, x, y, z, w)``, in each equation.
    start
        The state before the first step.
    step
        Time between two states.
    """
    state, path = start, np.empty((length, *start.shape))
    extended = np.ones((5, start.shape[1]))

    def rate(at: np.ndarray) -> np.ndarray:
        extended[1:] = at
        products = extended[:, np.newaxis] * extended
        return np.add.reduce(table * products.reshape(25, 1, -1), axis=0)

    for now in range(length):
        first = rate(state)
        second = rate(state + step / 2 * first)
        third = rate(state + step / 2 * second)
        fourth = rate(state + step * third)
        state = state + step / 6 * (first + 2 * (second + third) + fourth)
        state = np.minimum(np.maximum(state, -_FAR), _FAR)
        path[now] = state
    return path
