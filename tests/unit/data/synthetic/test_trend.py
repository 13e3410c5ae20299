"""Trends do what they are named after."""

from __future__ import annotations

import numpy as np

from tjepa_estimators.data.synthetic.trend import exponential, line, piecewise, random_walk, saturating, trend


def test_a_line_has_one_slope():
    np.testing.assert_allclose(np.diff(line(np.random.default_rng(0), 9, 40), n=2), 0, atol=1e-12)


def test_an_exponential_grows_by_a_constant_factor():
    values = exponential(np.random.default_rng(0), 9, 40)
    np.testing.assert_allclose(np.diff(np.log(values), n=2), 0, atol=1e-12)


def test_a_saturating_trend_keeps_its_direction():
    steps = np.diff(saturating(np.random.default_rng(0), 30, 100))
    assert ((steps >= 0).all(axis=1) | (steps <= 0).all(axis=1)).all()


def test_a_piecewise_trend_has_few_bends():
    values = piecewise(np.random.default_rng(0), 30, 1000)
    assert np.abs(np.diff(values)).max() < 0.1


def test_a_random_walk_spreads_with_the_square_root_of_time():
    values = random_walk(np.random.default_rng(0), 2000, 400)
    np.testing.assert_allclose(values[:, 399].std() / values[:, 99].std(), 2, rtol=0.08)


def test_every_trend_is_standardised():
    values = trend(np.random.default_rng(0), 300, 100)
    np.testing.assert_allclose(values.mean(axis=1), 0, atol=1e-9)
    np.testing.assert_allclose(values.std(axis=1), 1)
