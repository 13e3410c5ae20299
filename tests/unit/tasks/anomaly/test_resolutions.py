"""Views at several resolutions and what they let a detector see."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tjepa_estimators import AnomalyTask, pretrain
from tjepa_estimators.jepa.multi_resolution import MultiResolutionJEPA
from tjepa_estimators.tasks.anomaly.resolutions import at_resolution, choose_resolutions

CONFIG = {"context_length": 24, "future_length": 8, "patch_length": 4, "dim": 8, "predictor_dim": 8}


@given(length=st.integers(1, 40), factor=st.integers(1, 9))
def test_each_step_gets_the_mean_of_its_block(length, factor):
    values = np.random.default_rng(length).standard_normal((length, 2))
    blocks = at_resolution(values, factor)
    for step in range(length):
        first = step // factor * factor
        np.testing.assert_allclose(blocks[step // factor], values[first : first + factor].mean(axis=0))
    assert len(blocks) == -(-length // factor)


def test_missing_values_do_not_count_unless_nothing_else_is_there():
    values = np.array([[1.0], [np.nan], [np.nan], [np.nan]])
    np.testing.assert_array_equal(at_resolution(values, 2), [[1.0], [np.nan]])


def test_further_steps_change_the_last_block_only():
    values = np.random.default_rng(0).standard_normal((50, 1))
    np.testing.assert_array_equal(at_resolution(values[:41], 8)[:5], at_resolution(values, 8)[:5])


def test_no_view_is_chosen_that_the_data_cannot_fill():
    assert choose_resolutions([100], window=64, repeats=4) == (1,)
    assert choose_resolutions([400, 400, 400], window=64, repeats=4) == (1, 4)
    assert choose_resolutions([10**6], window=64, repeats=4) == (1, 4, 16)


SLOW, FAST = slice(850, 1150), slice(1000, 1004)


@pytest.fixture(scope="module")
def encoder(noise):
    return pretrain([noise(4000), at_resolution(noise(4000), 16)], config=CONFIG, train={"steps": 30})


@pytest.fixture(scope="module")
def broken(noise):
    """Noise with a slow hump, half a deviation within a fine window, and with a spike."""
    slow, fast = noise(2000, seed=1), noise(2000, seed=1)
    slow[800:1200, 0] += 1.5 * np.sin(np.linspace(0, np.pi, 400))
    fast[FAST] += 12.0
    return {"slow": slow, "fast": fast}


@pytest.fixture(scope="module")
def lift(encoder, noise, broken):
    """How far the scores of some steps stand above those of the others, in units of the others' deviation."""
    fitted = {}

    def measure(kind, where, *resolutions):
        if resolutions not in fitted:
            config = {"window": 32, "scores": ("subspace", "neighbours"), "resolutions": resolutions}
            fitted[resolutions] = AnomalyTask(config, pretrained=encoder).fit(noise(16_000))
        scores = fitted[resolutions].score(broken[kind])
        rest = np.delete(scores, where)
        return (scores[where].mean() - rest.mean()) / rest.std()

    return measure


def test_what_is_slow_shows_in_a_coarse_view(lift):
    assert lift("slow", SLOW, 16) > max(1.0, 2 * lift("slow", SLOW, 1))


def test_what_is_fast_shows_in_a_fine_view(lift):
    assert lift("fast", FAST, 1) > max(1.0, 2 * lift("fast", FAST, 16))


def test_both_show_when_both_views_are_fused(lift):
    assert lift("slow", SLOW, 1, 16) > 1.0
    assert lift("fast", FAST, 1, 16) > 1.0


@pytest.mark.parametrize(("steps", "expected"), [(400, (1,)), (600, (1, 4))])
def test_resolutions_are_chosen_for_the_window_that_is_used(steps, expected, encoder, noise):
    assert AnomalyTask({"stride": 8}, pretrained=encoder).fit(noise(steps)).resolutions_ == expected


def test_each_resolution_has_the_encoder_that_was_pretrained_for_it(noise, monkeypatch):
    asked = []
    known = MultiResolutionJEPA.at
    monkeypatch.setattr(MultiResolutionJEPA, "at", lambda self, factor: (asked.append(factor), known(self, factor))[1])
    several = pretrain(noise(600), config={**CONFIG, "resolutions": (1, 4)}, train={"steps": 2})
    asked.clear()
    AnomalyTask({"resolutions": (1, 4), "window": 16}, pretrained=several).fit(noise(600))
    assert asked == [1, 4]


def test_a_new_encoder_is_pretrained_at_the_resolutions_in_use(noise):
    task = AnomalyTask({"resolutions": (1, 2)}, jepa=CONFIG, train={"steps": 2}).fit(noise(400))
    assert task.pretrained_.info.jepa.resolutions == (1, 2)
