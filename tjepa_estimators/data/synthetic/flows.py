"""The right sides of chaotic and oscillating systems, as tables of quadratic terms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

from tjepa_estimators.data.synthetic.kinds import log_uniform

__all__ = [
    "FLOWS",
    "Flow",
    "Terms",
    "forced_oscillator",
    "lorenz",
    "lorenz84",
    "predator_prey",
    "rossler",
    "thermostat",
]

Terms: TypeAlias = Mapping[tuple[int, int, int], Any]
"""``(equation, i, j)`` to the coefficient of ``u[i] * u[j]``, with ``u = (1, x, y, z, w)``; equation 0 is that of x."""

State: TypeAlias = tuple[float, float, float, float]

Flow: TypeAlias = Callable[[np.random.Generator, int], tuple[Terms, State, float]]
"""Terms for so many rows, a typical state, and the longest time step that is both stable and visibly smooth."""


def lorenz(rng: np.random.Generator, count: int) -> tuple[Terms, State, float]:
    """Convection that turns over: two wings, visited in no order."""
    sigma, rho = rng.uniform(9, 11, count), rng.uniform(25, 45, count)
    terms = {
        (0, 0, 1): -sigma,
        (0, 0, 2): sigma,
        (1, 0, 1): rho,
        (1, 0, 2): -1,
        (1, 1, 3): -1,
        (2, 1, 2): 1,
        (2, 0, 3): -8 / 3,
    }
    return terms, (5.0, 5.0, 25.0, 0.0), 0.04


def rossler(rng: np.random.Generator, count: int) -> tuple[Terms, State, float]:
    """A spiral that is folded back when it has grown: almost a period."""
    terms = {
        (0, 0, 2): -1,
        (0, 0, 3): -1,
        (1, 0, 1): 1,
        (1, 0, 2): rng.uniform(0.1, 0.2, count),
        (2, 0, 0): 0.2,
        (2, 1, 3): 1,
        (2, 0, 3): -rng.uniform(4, 8, count),
    }
    return terms, (2.0, 2.0, 0.5, 0.0), 0.14


def lorenz84(rng: np.random.Generator, count: int) -> tuple[Terms, State, float]:
    """A westerly wind and two waves that feed on it, the smallest model of the weather."""
    forcing = rng.uniform(7, 9, count)
    terms = {
        (0, 2, 2): -1,
        (0, 3, 3): -1,
        (0, 0, 1): -0.25,
        (0, 0, 0): 0.25 * forcing,
        (1, 1, 2): 1,
        (1, 1, 3): -4,
        (1, 0, 2): -1,
        (1, 0, 0): 1,
        (2, 1, 2): 4,
        (2, 1, 3): 1,
        (2, 0, 3): -1,
    }
    return terms, (1.0, 1.0, 1.0, 0.0), 0.06


def predator_prey(rng: np.random.Generator, count: int) -> tuple[Terms, State, float]:
    """Lotka and Volterra's hares and lynxes: sharp peaks that follow each other."""
    birth, death = rng.uniform(0.6, 1.5, count), rng.uniform(0.6, 1.5, count)
    terms = {(0, 0, 1): birth, (0, 1, 2): -1, (1, 0, 2): -death, (1, 1, 2): 1}
    return terms, (0.6, 0.6, 0.0, 0.0), 0.25


def forced_oscillator(rng: np.random.Generator, count: int) -> tuple[Terms, State, float]:
    """A spring driven by a second one that goes round for ever: beats that die away, then the driver's period."""
    drive = rng.uniform(0.3, 2.0, count)
    terms = {
        (0, 0, 2): 1,
        (1, 0, 1): -1,
        (1, 0, 2): -log_uniform(rng, 0.002, 0.2, count)[:, 0],
        (1, 0, 3): rng.uniform(0.2, 1.0, count),
        (2, 0, 4): drive,
        (3, 0, 3): -drive,
    }
    return terms, (2.0, 0.5, 0.5, 0.5), 0.4


def thermostat(_: np.random.Generator, count: int) -> tuple[Terms, State, float]:
    """Sprott's case A (Nose and Hoover): an oscillator that is heated or cooled so as to keep its energy."""
    terms = {(0, 0, 2): np.ones(count), (1, 0, 1): -1, (1, 2, 3): 1, (2, 0, 0): 1, (2, 2, 2): -1}
    return terms, (0.5, 4.0, 0.5, 0.0), 0.15


FLOWS: tuple[Flow, ...] = (lorenz, rossler, lorenz84, predator_prey, forced_oscillator, thermostat)
"""Systems of at most four variables, each as likely as the others."""
