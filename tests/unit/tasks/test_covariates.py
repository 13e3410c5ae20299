"""Covariates become features: aligned with their series, standardised, and never silently misread."""

from __future__ import annotations

import numpy as np
import pytest

from tjepa_estimators.errors import DataError
from tjepa_estimators.tasks.covariates import Covariates, CovariateScale


def ramp(steps, start=0.0, columns=1):
    return start + np.arange(steps * columns, dtype=float).reshape(steps, columns)


def features(covariates, series, origin, lookback=2, horizon=3, fitted=None):
    scale = CovariateScale.fit(covariates if fitted is None else fitted, lookback, horizon)
    return scale, scale.features(covariates, np.array(series), np.array(origin))


def restored(scale, rows):
    """Features in the units of what was given."""
    return rows * scale.std + scale.mean


def test_known_rows_reach_from_the_lookback_to_the_horizon():
    scale, rows = features(Covariates(known=[ramp(20), ramp(20, start=100.0)]), [0, 1, 1], [5, 5, 17])
    assert rows.shape == (3, scale.num_features) == (3, 5)
    expected = [[3, 4, 5, 6, 7], [103, 104, 105, 106, 107], [115, 116, 117, 118, 119]]
    np.testing.assert_allclose(restored(scale.known, rows), expected, rtol=1e-5)


def test_past_rows_never_reach_beyond_the_origin():
    given = Covariates(past=[ramp(20)])
    scale, rows = features(given, [0], [5])
    np.testing.assert_allclose(restored(scale.past, rows), [[3, 4]], rtol=1e-5)
    later = given.past[0].copy()
    later[5:] = 1e9
    np.testing.assert_array_equal(rows, features(Covariates(past=[later]), [0], [5], fitted=given)[1])


def test_static_values_are_the_same_at_any_origin():
    scale, rows = features(Covariates(static=[np.array([1.0, 2.0]), np.array([3.0, 6.0])]), [0, 1, 1], [5, 5, 9])
    np.testing.assert_allclose(restored(scale.static, rows), [[1, 2], [3, 6], [3, 6]])


def test_all_kinds_stand_side_by_side():
    given = Covariates(known=[ramp(20, columns=2)], past=[ramp(20)], static=[np.array([1.0, 2.0, 3.0])])
    scale, rows = features(given, [0, 0], [5, 6])
    assert rows.shape == (2, scale.num_features) == (2, 2 * 5 + 2 + 3)


def test_features_do_not_change_with_the_units_of_a_covariate():
    base, other = Covariates(known=[ramp(20)]), Covariates(known=[ramp(20) * 1000 - 7])
    np.testing.assert_allclose(features(base, [0], [5])[1], features(other, [0], [5])[1], rtol=1e-5)


def test_missing_and_absent_rows_count_as_the_mean():
    gappy = ramp(20)
    gappy[4] = np.nan
    assert features(Covariates(known=[gappy]), [0], [5])[1][0, 1] == 0.0
    assert features(Covariates(known=[gappy]), [0], [1])[1][0, 0] == 0.0  # the step before the first
    assert features(Covariates(known=[gappy]), [0], [19])[1][0, 3:].tolist() == [0.0, 0.0]


def test_a_constant_covariate_gives_zeros():
    assert not features(Covariates(known=[np.full((20, 1), 7.0)]), [0], [5])[1].any()


def test_nothing_given_makes_no_features():
    assert Covariates().is_empty
    assert features(Covariates(), [0, 0], [5, 6])[1].shape == (2, 0)


@pytest.mark.parametrize(
    "given", [Covariates(), Covariates(known=[ramp(20, columns=2)])], ids=["missing", "another number of columns"]
)
def test_other_covariates_than_in_fit_are_refused(given):
    with pytest.raises(DataError, match="was fitted with 1 known covariates; give the same ones to predict"):
        features(given, [0], [5], fitted=Covariates(known=[ramp(20)]))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (Covariates(known=[ramp(12)]), "1 arrays of known covariates were given for 2 series"),
        (Covariates(static=[np.ones(2)] * 3), "3 arrays of static covariates were given for 2 series"),
        (Covariates(known=[ramp(12), ramp(11)]), r"known covariates of series 1 have 11 rows, but 12 are needed"),
        (Covariates(past=[ramp(10), ramp(9)]), r"past covariates of series 1 have 9 rows, but 10 are needed"),
        (Covariates(known=[ramp(12), np.full((12, 1), np.inf)]), "known covariates of series 1 hold infinite values"),
    ],
)
def test_covariates_that_do_not_fit_their_series_are_refused(given, message):
    with pytest.raises(DataError, match=message):
        given.checked([10, 10], steps=2)


def test_covariates_that_fit_come_back_with_two_axes():
    checked = Covariates(known=[np.arange(12)], past=[ramp(10)], static=[np.array([[1, 2]])]).checked([10], steps=2)
    assert [array.shape for array in (*checked.known, *checked.past, *checked.static)] == [(12, 1), (10, 1), (2,)]
    assert Covariates().checked([10, 20], steps=5).is_empty
