"""A season repeats with its period; its profile is a cycle."""

from __future__ import annotations

import numpy as np
import pytest

from tjepa_estimators.data.synthetic import profiles
from tjepa_estimators.data.synthetic.curves import standardise
from tjepa_estimators.data.synthetic.seasonal import CALENDARS, draw_periods, season, seasons, weekdays


def autocorrelation(values, lag):
    values = standardise(values)
    return (values[:, lag:] * values[:, :-lag]).mean(axis=1)


@pytest.mark.parametrize("period", [7, 24, 96])
def test_the_spectrum_of_a_season_peaks_at_multiples_of_its_period(period):
    length = period * 20
    values = season(np.random.default_rng(0), np.full((60, 1), float(period)), length)
    power = np.abs(np.fft.rfft(standardise(values), axis=1)) ** 2
    strongest = power.argmax(axis=1)
    assert np.mean(np.abs(strongest - 20 * np.maximum(np.round(strongest / 20), 1)) <= 1) > 0.9


def test_a_season_is_like_itself_a_period_later_and_unlike_half_a_period_later():
    values = season(np.random.default_rng(1), np.full((200, 1), 24.0), 480)
    assert np.median(autocorrelation(values, 24)) > 0.8
    assert np.median(autocorrelation(values, 12)) < 0.2


def test_a_period_need_not_be_whole():
    values = season(np.random.default_rng(2), np.full((200, 1), 30.5), 610)
    assert np.median(autocorrelation(values, 61)) > np.median(autocorrelation(values, 60))


def test_most_periods_belong_to_a_calendar():
    first = draw_periods(np.random.default_rng(0), 4000)[:, 0]
    assert np.isin(first, [periods[0] for periods in CALENDARS]).mean() == pytest.approx(0.68, abs=0.05)
    assert first.min() >= 3


def test_weekdays_repeat_after_seven_periods():
    factors = weekdays(np.random.default_rng(0), np.full((50, 1), 4.0), 84)
    np.testing.assert_array_equal(factors[:, :56], factors[:, 28:])
    assert (np.diff(factors, axis=1) != 0).mean() < 0.25


def test_seasons_are_standardised():
    values = seasons(np.random.default_rng(0), 100, 500)
    np.testing.assert_allclose(values.std(axis=1), 1)


@pytest.mark.parametrize("name", [name for name in profiles.__all__ if name not in {"CYCLE", "profile"}])
def test_a_profile_is_a_cycle_that_varies(name):
    values = standardise(getattr(profiles, name)(np.random.default_rng(0), 50, 512))
    np.testing.assert_allclose(values.std(axis=1), 1)
    seam, inside = np.abs(values[:, 0] - values[:, -1]), np.abs(np.diff(values, axis=1)).max(axis=1)
    assert (seam <= 1.5 * inside).all()


def test_daylight_is_never_negative_and_often_absent():
    values = profiles.daylight_profile(np.random.default_rng(0), 50, 256)
    assert values.min() == 0
    assert 0.3 < (values == 0).mean() < 0.7
