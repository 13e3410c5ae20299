"""Views at several resolutions and what they let a detector see."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tjepa_estimators import AnomalyTask, pretrain
from tjepa_estimators.errors import ConfigError
from tjepa_estimators.tasks.anomaly import AnomalyConfig
from tjepa_estimators.tasks.resolutions import at_resolution, at_steps, choose_resolutions

CONFIG = {"context_length": 24, "future_length": 8, "patch_length": 4, "dim": 8, "predictor_dim": 8}


@given(length=st.integers(1, 40), factor=st.integers(1, 9))
def test_each_step_gets_the_mean_of_its_block(length, factor):
    values = np.random.default_rng(length).standard_normal((length, 2))
    blocks = at_resolution(values, factor)
    for step in range(length):
        first = step // factor * factor
        np.testing.assert_allclose(blocks[step // factor], values[first : first + factor].mean(axis=0))
    assert len(at_steps(blocks[:, 0], factor, length)) == length


def test_missing_values_do_not_count_unless_nothing_else_is_there():
    values = np.array([[1.0], [np.nan], [np.nan], [np.nan]])
    np.testing.assert_array_equal(at_resolution(values, 2), [[1.0], [np.nan]])


def test_further_steps_change_the_last_block_only():
    values = np.random.default_rng(0).standard_normal((50, 1))
    np.testing.assert_array_equal(at_resolution(values[:41], 8)[:5], at_resolution(values, 8)[:5])


def test_no_view_is_chosen_that_the_data_cannot_fill():
    assert choose_resolutions([100], window=64, repeats=4) == (1,)
    assert choose_resolutions([400, 400, 400], window=64, repeats=4) == (1, 4)


def noise(steps, seed=0):
    return np.random.default_rng(seed).standard_normal(steps)


@pytest.fixture(scope="module")
def encoder():
    series = noise(4000)
    return pretrain([series[:, None], at_resolution(series[:, None], 16)], config=CONFIG, train={"steps": 30})


def lift(series, where, encoder, **settings):
    """How far the scores of some steps stand above those of the others, in units of the others' deviation."""
    task = AnomalyTask({"window": 32, "scores": ("neighbours",)} | settings, pretrained=encoder).fit(noise(4000))
    scores = task.score(series)
    rest = np.delete(scores, where)
    return (scores[where].mean() - rest.mean()) / rest.std()


def test_what_is_slow_shows_in_a_coarse_view_and_what_is_fast_in_a_fine_one(encoder):
    slow, fast = noise(2000, seed=1), noise(2000, seed=1)
    slow[800:1200] += 1.5 * np.sin(np.linspace(0, np.pi, 400))  # half a noise deviation within a fine window
    fast[1000:1004] += 12.0
    assert lift(slow, slice(850, 1150), encoder, resolutions=(16,)) > 2 * lift(slow, slice(850, 1150), encoder)
    assert lift(fast, slice(1000, 1004), encoder) > 2 * lift(fast, slice(1000, 1004), encoder, resolutions=(16,))


def test_both_show_when_both_views_are_fused(encoder):
    slow, fast = noise(2000, seed=1), noise(2000, seed=1)
    slow[800:1200] += 1.5 * np.sin(np.linspace(0, np.pi, 400))
    fast[1000:1004] += 12.0
    settings = {"resolutions": (1, 16), "fusion": "max"}
    assert lift(slow, slice(850, 1150), encoder, **settings) > 1
    assert lift(fast, slice(1000, 1004), encoder, **settings) > 1


@pytest.mark.parametrize(("settings", "expected"), [({}, (1, 4)), ({"window": 16}, (1, 4, 16))])
def test_resolutions_are_chosen_for_the_window_that_is_used(settings, expected, encoder):
    task = AnomalyTask({"resolutions": None, "stride": 8} | settings, pretrained=encoder).fit(noise(1500))
    assert task.resolutions_ == expected


@pytest.mark.parametrize("fusion", ["mean", "max"])
@pytest.mark.parametrize("steps", [1, 5, 40, 300])
def test_every_step_of_any_series_gets_a_finite_score(fusion, steps, encoder):
    task = AnomalyTask({"window": 32, "resolutions": (1, 4), "fusion": fusion}, pretrained=encoder).fit(noise(600))
    assert np.isfinite(task.score(noise(steps, seed=2))).all()


@pytest.mark.parametrize("settings", [{"resolutions": ()}, {"resolutions": (0,)}, {"resolutions": (4, 4)}])
def test_impossible_resolutions_are_refused(settings):
    with pytest.raises(ConfigError, match="resolutions"):
        AnomalyConfig(**settings)


def test_an_unknown_fusion_is_refused():
    with pytest.raises(ConfigError, match=r"fusion must be one of \['max', 'mean'\]"):
        AnomalyConfig(fusion="median")
