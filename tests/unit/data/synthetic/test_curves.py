"""Curves go through their knots, turn as slowly as asked, and rows become comparable."""

from __future__ import annotations

import numpy as np
import pytest

from tjepa_estimators.data.synthetic.curves import interpolate, smooth_curve, standardise

KNOTS = np.array([[0.0, 2.0, -1.0], [5.0, 5.0, 7.0]])


@pytest.mark.parametrize("is_smooth", [False, True])
def test_a_curve_goes_through_its_knots(is_smooth):
    read = interpolate(KNOTS, np.tile(np.arange(3.0), (2, 1)), is_smooth=is_smooth)
    np.testing.assert_array_equal(read, KNOTS)


def test_between_knots_the_line_is_straight():
    read = interpolate(KNOTS, np.full((2, 1), 0.25))
    np.testing.assert_allclose(read, [[0.5], [5.0]])


def test_a_curve_of_wider_spacing_moves_less():
    spacing = np.repeat([[10.0], [100.0]], 200, axis=0)
    steps = np.abs(np.diff(smooth_curve(np.random.default_rng(0), 400, 500, spacing), axis=1)).mean(axis=1)
    assert steps[:200].mean() == pytest.approx(10 * steps[200:].mean(), rel=0.2)


def test_standardised_rows_have_no_mean_and_unit_variance():
    values = standardise(np.random.default_rng(0).gamma(2.0, [[1.0], [1e5]], (2, 300)) + 1e3)
    np.testing.assert_allclose(values.mean(axis=1), 0, atol=1e-9)
    np.testing.assert_allclose(values.std(axis=1), 1)


@pytest.mark.parametrize("level", [0.0, 0.1, 1e12])
def test_a_constant_row_becomes_zero(level):
    assert not standardise(np.full((1, 77), level)).any()
