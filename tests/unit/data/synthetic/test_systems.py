"""Systems stay on their attractors, keep what they conserve, and the integrator is of fourth order."""

from __future__ import annotations

import numpy as np
import pytest

from tjepa_estimators.data.synthetic.flows import FLOWS, lorenz, lorenz84, predator_prey
from tjepa_estimators.data.synthetic.systems import integrate, systems


def build(flow, count, seed=0):
    terms, start, longest = flow(np.random.default_rng(seed), count)
    table = np.zeros((25, 4, count))
    for (equation, one, other), coefficient in terms.items():
        table[5 * one + other, equation] += coefficient
    return table, np.tile(np.array(start)[:, np.newaxis], count), np.full(count, longest)


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.__name__)
def test_a_system_stays_bounded_and_alive_at_its_longest_step(flow):
    table, start, step = build(flow, 64)
    start *= np.exp(0.2 * np.random.default_rng(1).standard_normal(start.shape))
    path = integrate(table, start, step, 1500)
    assert np.abs(path).max() < 200
    assert (path[1000:, :2].std(axis=0) > 1e-3).all()


def test_lorenz_visits_both_wings():
    path = integrate(*build(lorenz, 16), 2000)
    assert (path[:, 0].max(axis=0) > 5).all()
    assert (path[:, 0].min(axis=0) < -5).all()


def test_lorenz_forgets_where_it_began():
    table, start, step = build(lorenz, 1)
    near = integrate(table, start + 1e-6, step, 2000)[:, 0] - integrate(table, start, step, 2000)[:, 0]
    assert np.abs(near[:50]).max() < 1e-3
    assert np.abs(near[1000:]).max() > 5


def test_predator_and_prey_conserve_what_they_should():
    table, start, step = build(predator_prey, 8)
    birth, death = table[1, 0], -table[2, 1]
    prey, predators = np.moveaxis(integrate(table, start, step / 4, 1000)[:, :2], 1, 0)
    kept = prey - death * np.log(prey) + predators - birth * np.log(predators)
    assert np.ptp(kept, axis=0).max() < 1e-3


def test_half_the_step_is_sixteen_times_as_exact():
    table, start, _ = build(lorenz84, 1)

    def end(steps):
        return integrate(table, start, np.full(1, 1.0 / steps), steps)[-1]

    exact = end(640)
    assert np.abs(end(20) - exact).max() > 10 * np.abs(end(40) - exact).max()


def test_observed_variables_are_finite():
    values = systems(np.random.default_rng(0), 200, 200)
    assert np.isfinite(values).all()
    assert (values.std(axis=1) > 0.5).all()
