"""Units of channels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tjepa_estimators.tasks.anomaly.channels import ChannelScale

VALUES = np.random.default_rng(0).standard_normal((50, 3))


@given(factor=st.floats(1e-3, 1e3), shift=st.floats(-1e3, 1e3))
def test_scaled_values_do_not_depend_on_units(factor, shift):
    plain, other = (ChannelScale.fit([one])(one) for one in (VALUES, VALUES * factor + shift))
    np.testing.assert_allclose(plain, other, atol=1e-6)


def test_training_data_get_mean_zero_and_deviation_one():
    scaled = ChannelScale.fit([VALUES[:20], VALUES[20:]])(VALUES)
    np.testing.assert_allclose(scaled.mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(scaled.std(axis=0), 1.0)


@pytest.mark.parametrize("level", [0.0, 3.0, -1e-9, 1e12])
@pytest.mark.parametrize("change", [1e-3, 1.0, 1e6])
def test_a_dead_channel_that_wakes_counts_one_deviation_whatever_its_units(level, change):
    dead = np.full((40, 1), level)
    step = max(abs(level), 1.0) * change
    awake = np.array([[level + step], [level - step], [level]])
    np.testing.assert_array_equal(ChannelScale.fit([dead])(awake), [[1.0], [-1.0], [0.0]])


def test_rounding_does_not_wake_a_dead_channel():
    dead = np.full((40, 1), 0.1)
    np.testing.assert_array_equal(ChannelScale.fit([dead])(np.array([[0.3 - 0.2]])), 0.0)


def test_what_breaks_out_counts_ten_deviations_at_most():
    assert np.abs(ChannelScale.fit([VALUES])(VALUES * 1e9)).max() == 10.0


def test_missing_values_stay_missing_and_are_not_learned_from():
    holes = VALUES.copy()
    holes[::3] = np.nan
    holes[:, 2] = np.nan
    scale = ChannelScale.fit([holes])
    np.testing.assert_allclose(scale.mean[:2], np.nanmean(holes[:, :2], axis=0))
    np.testing.assert_array_equal(np.isnan(scale(holes)), np.isnan(holes))
