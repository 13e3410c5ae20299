from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("benchmarks", reason="installed without its repository")

from benchmarks.anomaly.datasets import Labelled
from benchmarks.injected.carriers import Carrier, clean_stretch
from benchmarks.injected.injections import KINDS, drift, faster, shift, spike
from benchmarks.injected.study import REPEATS, caught

SEEDS = range(20)


@pytest.fixture
def clean():
    return np.sin(np.arange(900.0)[:, None] / [3.0, 5.0, 7.0, 11.0, 13.0, 17.0, 19.0, 23.0])


def planted(kind, clean, seed, size=2.0):
    return KINDS[kind].plant(clean, size, np.random.default_rng(seed))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_changes_outside_of_the_anomaly(clean, kind, seed):
    one = planted(kind, clean, seed)
    outside = np.r_[0 : one.start, one.stop : len(one.values)]
    np.testing.assert_allclose(one.values[outside], clean[one.origin[outside]])


@pytest.mark.parametrize("kind", KINDS)
def test_the_untouched_series_is_left_alone(clean, kind):
    before = clean.copy()
    planted(kind, clean, 0)
    np.testing.assert_array_equal(clean, before)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_spike_is_one_to_five_steps_of_the_size_in_a_quarter_of_the_channels(clean, seed):
    one = spike(clean, 3.0, np.random.default_rng(seed))
    change = one.values - clean
    touched = np.abs(change).max(axis=0) > 0
    assert touched.sum() == 2
    assert 1 <= one.stop - one.start <= 5
    np.testing.assert_allclose(np.abs(change[one.start : one.stop, touched]), 3.0)


def test_spikes_of_all_lengths_are_drawn(clean):
    found = {(one := planted("spike", clean, seed)).stop - one.start for seed in range(100)}
    assert found == {1, 2, 3, 4, 5}


def test_a_shift_keeps_its_direction_for_its_length(clean):
    one = shift(clean, 1.5, np.random.default_rng(0))
    change = (one.values - clean)[one.start : one.stop]
    assert one.stop - one.start == 200
    assert len(np.unique(change.round(9), axis=0)) == 1
    assert np.abs(change).max() == pytest.approx(1.5)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_drift_begins_at_nothing_and_ends_at_its_size_with_the_series(clean, seed):
    one = drift(clean, 4.0, np.random.default_rng(seed))
    height = np.abs(one.values - clean).max(axis=1)
    assert one.stop == len(clean)
    assert height[-1] == pytest.approx(4.0)
    assert np.diff(height).max() < 4.0 / (one.stop - one.start) + 1e-9  # no step of it is a jump


@pytest.mark.parametrize("size", KINDS["frequency"].sizes)
def test_a_faster_stretch_has_more_periods_and_no_jump(size):
    wave = np.sin(2 * np.pi * np.arange(2000.0) / 40)[:, None]
    one = faster(wave, size, np.random.default_rng(0))
    inside = one.values[one.start : one.stop, 0]
    periods = (np.diff(np.sign(inside)) != 0).sum() / 2
    assert periods == pytest.approx(len(inside) / 40 * size, abs=1)
    assert np.abs(np.diff(one.values[:, 0])).max() < 1.1 * size * 2 * np.pi / 40


def test_a_stretch_is_the_longest_without_a_label():
    labels = np.repeat([1, 0, 1, 0, 1, 0], [3, 4, 2, 9, 1, 5])
    series = Labelled("one", np.zeros((5, 1)), np.arange(24.0)[:, None], labels)
    assert clean_stretch(series).ravel().tolist() == list(range(9, 18))


def test_scores_of_the_value_catch_large_spikes_and_constant_scores_nothing(clean):
    carrier = Carrier("set", "one", clean, clean)
    by_value = caught(lambda values: np.abs(values).max(axis=1), carrier, seed=0)
    assert by_value["spike", 8.0] == REPEATS
    assert not any(caught(lambda values: np.zeros(len(values)), carrier, seed=0).values())


def test_false_alarms_of_the_untouched_series_catch_nothing(clean):
    noise = np.random.default_rng(0).random(len(clean))
    counts = caught(lambda values: noise[: len(values)], Carrier("set", "one", clean, clean), seed=0)
    assert sum(count for (kind, _), count in counts.items() if kind != "frequency") == 0
