"""Each event changes what it is named after and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from tjepa_estimators.data.synthetic.events import add_events, level_shifts, pulses, spikes, variance_changes


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def values():
    return np.random.default_rng(1).standard_normal((200, 400))


def test_a_level_shift_is_a_staircase_of_few_steps(rng, values):
    steps = (np.abs(np.diff(level_shifts(rng, values) - values)) > 1e-9).sum(axis=1)
    assert steps.min() >= 1
    assert steps.max() <= 3


def test_a_change_of_variance_leaves_what_came_before(rng, values):
    changed = variance_changes(rng, values)
    np.testing.assert_allclose(changed[:, :50], values[:, :50])
    ratio = changed[:, -50:].std(axis=1) / values[:, -50:].std(axis=1)
    assert ratio.min() < 0.5
    assert ratio.max() > 2


def test_spikes_are_few_and_high(rng, values):
    size = np.abs(spikes(rng, values) - values)
    assert 0 < (size > 0).sum(axis=1).mean() < 15
    assert size[size > 0].min() > 1.5


def test_a_pulse_begins_at_once_and_fades(rng, values):
    shape = np.abs(pulses(rng, values[:1]) - values[:1])[0]
    assert np.sort(np.abs(np.diff(shape)))[-3] < shape.max() / 2


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_about_the_share_of_rows_has_an_event(rng, values, share):
    changed = add_events(rng, np.tile(values, (10, 1)), share)
    assert (changed != np.tile(values, (10, 1))).any(axis=1).mean() == pytest.approx(share, abs=0.05)
