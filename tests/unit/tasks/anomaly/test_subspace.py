"""Principal directions."""

from __future__ import annotations

import numpy as np
import pytest

from tjepa_estimators.tasks.anomaly.subspace import Subspace

ROWS = np.random.default_rng(0).standard_normal((200, 6)) * [9.0, 5.0, 3.0, 1.0, 0.5, 0.1]
OTHER = np.random.default_rng(1).standard_normal((20, 6)) * 4.0


@pytest.fixture(scope="module")
def space():
    return Subspace.fit(ROWS, seed=0)


def test_residuals_and_projection_make_up_the_whole(space):
    apart = OTHER - space.mean
    along = (space.project(OTHER) ** 2).sum(axis=1)
    outside = space.outside(OTHER, components=3)
    np.testing.assert_allclose((space.project(OTHER, 3) ** 2).sum(axis=1) + outside, (apart**2).sum(axis=1))
    np.testing.assert_allclose(along, (apart**2).sum(axis=1))  # six directions are all there are
    np.testing.assert_allclose((space.residuals(OTHER) ** 2).sum(axis=1), space.outside(OTHER))


def test_the_normal_directions_hold_nine_tenths_of_the_variance_and_one_less_does_not(space):
    def left(components):
        return space.outside(ROWS, components).sum() / ((ROWS - space.mean) ** 2).sum()

    assert left(space.normal) <= 0.1 < left(space.normal - 1)


def test_whitened_squares_add_up_to_mahalanobis_distance(space):
    covariance = np.cov(ROWS.T) + space.ridge * np.eye(6)
    apart = OTHER - ROWS.mean(axis=0)
    expected = np.einsum("rf,fg,rg->r", apart, np.linalg.inv(covariance), apart)
    np.testing.assert_allclose((space.whitened(OTHER) ** 2).sum(axis=1), expected)


def test_features_may_stand_in_any_order(space):
    turned = [3, 0, 5, 1, 4, 2]
    other = Subspace.fit(ROWS[:, turned], seed=0)
    np.testing.assert_allclose(other.residuals(OTHER[:, turned]), space.residuals(OTHER)[:, turned], atol=1e-9)
    np.testing.assert_allclose(other.whitened(OTHER[:, turned]), space.whitened(OTHER)[:, turned], atol=1e-9)


@pytest.mark.parametrize("rows", [ROWS[:1], np.repeat(ROWS[:1], 5, axis=0)], ids=["one", "equal"])
def test_rows_without_directions_are_enough(rows):
    space = Subspace.fit(rows, seed=0)
    np.testing.assert_allclose(space.residuals(rows), 0.0, atol=1e-9)
    assert np.isfinite(space.whitened(OTHER)).all()


def test_what_never_moved_costs_nothing_and_counts_in_full():
    still = np.concatenate([ROWS, np.full((len(ROWS), 2), 7.0)], axis=1)
    space, without = Subspace.fit(still, seed=0), Subspace.fit(ROWS, seed=0)
    np.testing.assert_array_equal(space.components[:, :6], without.components)
    woken = np.concatenate([OTHER, np.full((len(OTHER), 2), 8.0)], axis=1)
    np.testing.assert_allclose(space.outside(woken), without.outside(OTHER) + 2.0)
