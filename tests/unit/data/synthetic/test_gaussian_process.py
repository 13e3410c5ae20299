"""Sums of sinusoids with random frequencies have the covariance of the kernel that the frequencies come from."""

from __future__ import annotations

import numpy as np
import pytest

from tjepa_estimators.data.synthetic import gaussian_process as module
from tjepa_estimators.data.synthetic.gaussian_process import gaussian_process, sinusoids

COUNT, LENGTH = 4000, 50
LAG = np.arange(LENGTH)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def covariance(rng, frequencies):
    values = sinusoids(rng, frequencies, LENGTH)
    return (values[:, :1] * values).mean(axis=0)


@pytest.fixture
def known(monkeypatch):
    """One length scale, one sharpness and one period for all series."""
    monkeypatch.setattr(module, "_scale", lambda rng, count: np.full((count, 1), 10.0))
    monkeypatch.setattr(module, "draw_periods", lambda rng, count: np.full((count, 3), 12.0))
    monkeypatch.setattr(module, "log_uniform", lambda rng, low, high, count: np.full((count, 1), 2.0))


SQUARED_EXPONENTIAL = np.exp(-(LAG**2) / 200)
PERIODIC = np.exp(-2 * (1 - np.cos(2 * np.pi * LAG / 12)))


def test_the_squared_exponential_kernel(rng, known):
    found = covariance(rng, module._squared_exponential(rng, COUNT, 32))
    np.testing.assert_allclose(found, SQUARED_EXPONENTIAL, atol=0.07)


def test_the_periodic_kernel(rng, known):
    np.testing.assert_allclose(covariance(rng, module._periodic(rng, COUNT, 32)), PERIODIC, atol=0.07)


def test_the_rational_quadratic_kernel(rng, known):
    found = covariance(rng, module._rational_quadratic(rng, COUNT, 32))
    np.testing.assert_allclose(found, (1 + LAG**2 / 400) ** -2.0, atol=0.07)


def test_the_matern_kernel_of_smoothness_one_half(rng, known, monkeypatch):
    class Half:
        choice = staticmethod(lambda options, shape: np.full(shape, 1.0))
        standard_t = rng.standard_t

    np.testing.assert_allclose(covariance(rng, module._matern(Half, COUNT, 32)), np.exp(-LAG / 10), atol=0.07)


def test_frequencies_that_add_multiply_their_kernels(rng, known):
    both = module._squared_exponential(rng, COUNT, 32) + module._periodic(rng, COUNT, 32)
    np.testing.assert_allclose(covariance(rng, both), SQUARED_EXPONENTIAL * PERIODIC, atol=0.07)


@pytest.mark.parametrize("length", [33, 100, 1000])
def test_sinusoids_are_the_sum_that_they_stand_for(length):
    frequencies = np.random.default_rng(1).normal(0, 2, (3, 5))
    found = sinusoids(np.random.default_rng(2), frequencies, length)
    real, imaginary = np.moveaxis(np.random.default_rng(2).standard_normal((3, 2, 5)) / np.sqrt(5), 1, 0)
    angle = frequencies[:, :, np.newaxis] * np.arange(length)
    expected = real[:, :, np.newaxis] * np.cos(angle) - imaginary[:, :, np.newaxis] * np.sin(angle)
    np.testing.assert_allclose(found, expected.sum(axis=1), atol=2e-5)


def test_draws_are_finite_and_of_many_kinds(rng):
    values = gaussian_process(rng, 300, 256)
    roughness = np.diff(values).std(axis=1) / values.std(axis=1)
    assert np.isfinite(values).all()
    assert np.quantile(roughness, 0.9) > 5 * np.quantile(roughness, 0.1)
