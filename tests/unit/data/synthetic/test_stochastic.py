"""Prices stay positive, returns have no memory but their size has, regimes have two levels."""

from __future__ import annotations

import numpy as np

from tjepa_estimators.data.synthetic.curves import standardise
from tjepa_estimators.data.synthetic.stochastic import integrated, price, returns, stochastic, switching


def memory(values, lag=1):
    values = standardise(values)
    return (values[:, lag:] * values[:, :-lag]).mean()


def test_a_price_is_positive_and_wanders():
    values = price(np.random.default_rng(0), 100, 500)
    assert values.min() > 0
    assert memory(values) > 0.9


def test_a_price_of_many_steps_does_not_overflow():
    values = price(np.random.default_rng(0), 20, 200_000)
    assert np.isfinite(values).all()
    assert values.max() < 1e10


def test_returns_have_no_memory_but_their_size_has():
    values = returns(np.random.default_rng(0), 200, 2000)
    assert abs(memory(values)) < 0.02
    assert memory(np.abs(values)) > 0.1


def test_the_differences_of_an_integrated_process_do_not_wander():
    values = integrated(np.random.default_rng(0), 100, 1000)
    assert memory(values, 20) > 0.8
    assert memory(np.diff(values), 20) < 0.5


def test_a_switching_series_stays_near_two_levels():
    values = switching(np.random.default_rng(0), 200, 1000)
    assert np.median(values.min(axis=1)) < 0.2
    assert np.median(values.max(axis=1)) > 0.8
    assert np.abs(np.diff(values)).mean() < 0.5


def test_every_process_is_finite():
    assert np.isfinite(stochastic(np.random.default_rng(0), 300, 300)).all()
