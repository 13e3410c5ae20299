"""Distances from what is usual."""

from __future__ import annotations

import numpy as np
import pytest

from tjepa_estimators.tasks.energy import ChannelEnergy, Standardised
from tjepa_estimators.tasks.levels import ChannelLevels


@pytest.fixture
def latents():
    return np.random.default_rng(0).standard_normal((400, 2, 4)) * [1.0, 10.0, 0.1, 1.0] + [[[5.0], [0.0]]]


def test_energy_is_about_one_and_knows_no_unit_and_no_direction(latents):
    turn, _ = np.linalg.qr(np.random.default_rng(1).standard_normal((4, 4)))
    energy, turned = ChannelEnergy().fit(latents), ChannelEnergy().fit(30.0 * latents @ turn)
    np.testing.assert_allclose(turned(30.0 * latents @ turn), energy(latents), rtol=1e-6)
    even = np.random.default_rng(2).standard_normal((400, 2, 4))
    assert ChannelEnergy().fit(even)(even).mean() == pytest.approx(1.0, abs=0.1)


def test_each_channel_has_a_middle_of_its_own(latents):
    energy = ChannelEnergy().fit(latents)
    assert energy(latents[:, ::-1]).mean() > 2 * energy(latents).mean()


def test_one_window_is_enough(latents):
    assert np.isfinite(ChannelEnergy().fit(latents[:1])(latents)).all()
    assert np.isfinite(Standardised().fit(np.ones((1, 2)))(np.full((3, 2), 1e30))).all()


def test_what_is_missing_is_usual():
    distances = np.array([[1.0, 2.0], [np.nan, 3.0], [2.0, 4.0]])
    scaled = Standardised().fit(distances)(distances)
    assert scaled[1, 0] == 0.0
    assert Standardised().fit(np.full((2, 1), np.nan))(np.full((2, 1), np.nan)).tolist() == [[0.0], [0.0]]


def test_levels_are_those_of_the_channel():
    windows = np.random.default_rng(0).normal([0.0, 100.0], [1.0, 5.0], size=(50, 30, 2))
    levels = ChannelLevels().fit(windows)
    np.testing.assert_allclose(levels(windows).mean(axis=0)[:, 0], 0.0, atol=0.05)
    moved = levels(windows - [0.0, 10.0])
    np.testing.assert_allclose(np.sinh(moved[:, 1, 0]) - np.sinh(levels(windows)[:, 1, 0]), -2.0, atol=0.1)
    np.testing.assert_array_equal(moved[..., 1], np.abs(moved[..., 0]))
