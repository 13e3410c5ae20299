"""The period is found where there is one, and TSB-AD's fallback where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from tjepa_estimators.errors import DataError
from tjepa_estimators.tasks.metrics import period_buffer

FALLBACK = 125


def wave(period, steps=1200):
    return np.sin(2 * np.pi * np.arange(steps) / period) + 0.1 * np.random.default_rng(0).standard_normal(steps)


@pytest.mark.parametrize("period", [12, 50, 168])
def test_the_period_of_a_noisy_wave_is_found(period):
    assert period_buffer(wave(period)) == pytest.approx(period, abs=2)


def test_scale_and_level_do_not_matter():
    assert period_buffer(1000.0 * wave(30) - 5.0) == period_buffer(wave(30))


def test_the_first_channel_counts():
    assert period_buffer(np.stack([wave(30), wave(90)], axis=1)) == period_buffer(wave(30))


@pytest.mark.parametrize(
    "series", [np.ones(500), np.arange(500.0), np.array([1.0]), np.array([1.0, 2.0, 0.0])], ids=len
)
def test_without_a_period_the_fallback_is_given(series):
    assert period_buffer(series) == FALLBACK


@pytest.mark.parametrize(
    "series", [np.array([]), np.array(1.0), np.array([1.0, np.nan, 2.0]), np.empty((5, 0))], ids=str
)
def test_a_series_without_numbers_is_refused(series):
    with pytest.raises(DataError, match="A period needs a series of finite numbers"):
        period_buffer(series)
