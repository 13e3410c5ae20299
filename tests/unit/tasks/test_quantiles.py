"""Laws of the residual quantiles."""

from __future__ import annotations

import numpy as np
import pytest

from tjepa_estimators.tasks.quantiles import ResidualQuantiles

LEVELS = [0.01, 0.1, 0.5, 0.9, 0.99]


def residuals(rows=2000, horizon=3):
    return np.random.default_rng(0).standard_normal((rows, horizon)) * np.arange(1, horizon + 1)


def test_levels_cover_their_share_of_the_residuals():
    given = residuals()
    offsets = ResidualQuantiles.fit(given).offsets(3, LEVELS)
    assert offsets.shape == (3, 5)
    np.testing.assert_allclose((given[:, :, None] < offsets).mean(axis=0), np.tile(LEVELS, (3, 1)), atol=0.01)


@pytest.mark.parametrize("rows", [0, 1, 19, 20, 500])
def test_quantiles_are_monotone_in_the_level_for_any_number_of_residuals(rows):
    levels = np.linspace(0.001, 0.999, 99)
    offsets = ResidualQuantiles.fit(residuals(rows)).offsets(8, levels)
    assert np.isfinite(offsets).all()
    assert (np.diff(offsets, axis=1) >= 0).all()


def test_few_residuals_are_taken_for_normal_ones_of_their_size():
    offsets = ResidualQuantiles.fit(np.full((10, 2), 3.0)).offsets(2, [0.025, 0.5, 0.975])
    np.testing.assert_allclose(offsets, 3.0 * np.array([[-1.96, 0.0, 1.96]] * 2), atol=1e-2)


def test_beyond_the_horizon_the_spread_grows_as_that_of_a_random_walk():
    offsets = ResidualQuantiles.fit(residuals()).offsets(12, [0.1, 0.9])
    np.testing.assert_allclose(offsets[11], offsets[2] * 2.0)
    np.testing.assert_allclose(offsets[:3], ResidualQuantiles.fit(residuals()).offsets(3, [0.1, 0.9]))


def test_levels_outside_the_table_get_the_outermost_quantile():
    table = ResidualQuantiles.fit(residuals())
    np.testing.assert_array_equal(table.offsets(3, [0.0001, 0.9999]), table.offsets(3, [0.005, 0.995]))
