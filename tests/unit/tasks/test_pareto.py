"""The fitted tail is that of the distribution the values come from."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import genpareto

from tjepa_estimators.tasks.pareto import ParetoTail


@pytest.mark.parametrize("shape", [-1.0, -0.5, -0.2, 0.0, 0.3, 0.8])
def test_the_parameters_of_a_known_tail_are_recovered(shape):
    tail = ParetoTail.fit(genpareto(shape, scale=3.0).rvs(5000, random_state=1))
    assert tail.shape == pytest.approx(shape, abs=0.05)
    assert tail.scale == pytest.approx(3.0, rel=0.06)


@pytest.mark.parametrize(("shape", "within"), [(-0.5, 0.05), (0.0, 0.15), (0.5, 0.3)])
def test_few_values_give_the_upper_quantile_without_much_bias(shape, within):
    known = genpareto(shape)
    found = [ParetoTail.fit(known.rvs(50, random_state=seed)).exceeded_with(0.02) for seed in range(40)]
    assert np.median(found) == pytest.approx(known.isf(0.02), rel=within)


@pytest.mark.parametrize("shape", [-0.4, 0.0, 1e-12, 0.7])
def test_quantiles_are_those_of_the_distribution(shape):
    for probability in (0.5, 0.01, 1e-6):
        wanted = genpareto(shape, scale=2.0).isf(probability)
        assert ParetoTail(shape, 2.0).exceeded_with(probability) == pytest.approx(wanted)


@pytest.mark.parametrize("scale", [1e-9, 7.0, 1e9])
def test_a_fit_scales_with_its_values(scale):
    values = np.random.default_rng(0).exponential(size=60)
    one, other = ParetoTail.fit(values), ParetoTail.fit(scale * values[::-1])
    assert other.shape == pytest.approx(one.shape, rel=1e-6)
    assert other.scale == pytest.approx(scale * one.scale, rel=1e-6)


@pytest.mark.parametrize(
    "values", [np.repeat(np.arange(1.0, 11.0), 500), np.append(np.full(500, 1e-6), np.arange(1, 11))]
)
def test_tied_values_give_a_finite_tail(values):
    tail = ParetoTail.fit(values)
    assert tail.scale > 0
    assert np.isfinite(tail.exceeded_with(1e-4))
