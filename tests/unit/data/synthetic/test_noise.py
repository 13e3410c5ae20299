"""Noise has the memory and the tails that it is drawn with."""

from __future__ import annotations

import numpy as np
import pytest

from tjepa_estimators.data.synthetic.noise import ar2, arma, heavy_tailed, heteroscedastic, noise, recursive, white

NONE = np.zeros((1, 0))


@pytest.mark.parametrize("kept", [-0.5, 0.0, 0.6, 0.95])
def test_the_coefficient_of_an_autoregression_is_recovered(kept):
    (values,) = recursive(np.random.default_rng(0), np.array([[-kept]]), NONE, 20_000)
    assert values[1:] @ values[:-1] / (values @ values) == pytest.approx(kept, abs=0.02)


def test_shocks_last_as_long_as_they_are_given():
    (values,) = recursive(np.random.default_rng(0), NONE, np.array([[0.0, 0.8]]), 20_000)
    correlation = [values[lag:] @ values[: len(values) - lag] / (values @ values) for lag in (1, 2, 3)]
    assert correlation == pytest.approx([0, 0.8 / 1.64, 0], abs=0.03)


def test_a_recursion_has_forgotten_its_start():
    values = recursive(np.random.default_rng(0), np.full((3000, 1), -0.95), np.zeros((3000, 0)), 50)
    assert values[:, 0].std() == pytest.approx(1 / np.sqrt(1 - 0.95**2), rel=0.06)


@pytest.mark.parametrize("process", [ar2, arma])
def test_random_poles_are_stable(process):
    values = process(np.random.default_rng(0), 300, 2000)
    first, last = values[:, :1000].std(axis=1), values[:, 1000:].std(axis=1)
    assert (last < 5 * first).all()


def test_heavy_tails_reach_further_than_white_noise():
    rng = np.random.default_rng(0)
    assert np.abs(heavy_tailed(rng, 50, 2000)).max() > 2 * np.abs(white(rng, 50, 2000)).max()


def test_the_variance_of_heteroscedastic_noise_differs_between_stretches():
    def unevenness(values):
        spread = values.reshape(50, 20, 100).std(axis=2)
        return (spread.max(axis=1) / spread.min(axis=1)).mean()

    rng = np.random.default_rng(0)
    assert unevenness(heteroscedastic(rng, 50, 2000)) > 2 * unevenness(white(rng, 50, 2000))


def test_all_noise_is_standardised():
    np.testing.assert_allclose(noise(np.random.default_rng(0), 300, 100).std(axis=1), 1)
