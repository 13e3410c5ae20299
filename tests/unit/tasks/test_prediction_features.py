"""Features for predicting anomalies: what they do not depend on, and what they must show."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.tasks.prediction_features import PredictionFeatures
from tjepa_estimators.training.run import untrained


@pytest.fixture(scope="module")
def windows():
    """Thirty windows of three noisy waves."""
    random, time = np.random.default_rng(0), np.arange(32)
    phase, period = random.uniform(0, 2 * np.pi, (30, 1, 3)), np.array([4.0, 9.0, 20.0])
    return np.sin(2 * np.pi * time[:, None] / period + phase) + 0.1 * random.standard_normal((30, 32, 3))


@pytest.fixture
def features(tiny_pretrained, windows):
    return PredictionFeatures(tiny_pretrained, {"resolutions": (1, 4)}).fit(windows)


def test_pooled_features_know_no_order_of_channels(features, tiny_pretrained, windows):
    order = [2, 0, 1]
    other = PredictionFeatures(tiny_pretrained, {"resolutions": (1, 4)}).fit(windows[..., order])
    np.testing.assert_allclose(other(windows[..., order]), features(windows), atol=1e-9)
    np.testing.assert_allclose(other.energy(windows[..., order]), features.energy(windows), atol=1e-9)


def test_pooled_features_do_not_grow_with_channels(features, tiny_pretrained, windows):
    one = PredictionFeatures(tiny_pretrained, {"resolutions": (1, 4)}).fit(windows[..., :1])
    assert one(windows[..., :1]).shape == features(windows).shape


def test_joined_features_are_those_of_each_channel(tiny_pretrained, windows):
    def make(some):
        return PredictionFeatures(tiny_pretrained, {"resolutions": (1,), "channels": "joined"}).fit(some)(some)

    assert make(windows).shape[1] == 3 * make(windows[..., :1]).shape[1]


def test_a_new_unit_of_a_channel_changes_nothing(features, tiny_pretrained, windows):
    other = windows * [1.0, 1e4, 1e-3] + [0.0, -7.0, 5.0]
    there = PredictionFeatures(tiny_pretrained, {"resolutions": (1, 4)}).fit(other)
    np.testing.assert_allclose(there(other), features(windows), atol=1e-5)


def test_a_new_level_shows_in_the_levels_and_not_in_the_latents(features, windows):
    before, after = features(windows), features(windows + 50.0)
    np.testing.assert_allclose(after[:, 6:], before[:, 6:], atol=1e-6)
    assert (after[:, 0] > before[:, 0] + 1.0).all()


def test_a_window_stands_for_itself(features, windows):
    np.testing.assert_allclose(features(windows[::-1])[::-1], features(windows), atol=1e-9)
    np.testing.assert_allclose(features(windows[3:4]), features(windows)[3:4], atol=1e-9)


def test_where_windows_are_alike_another_one_has_a_higher_energy(tiny_pretrained):
    random = np.random.default_rng(0)
    alike = np.sin(2 * np.pi * np.arange(32) / 9.0)[None, :, None] + 0.1 * random.standard_normal((60, 32, 2))
    features = PredictionFeatures(tiny_pretrained, {"resolutions": (1, 4)}).fit(alike[:40])
    odd = random.standard_normal((20, 32, 2))
    assert np.median(features.energy(odd)) > features.energy(alike[40:]).max()


def test_a_constant_channel_that_wakes_up_gives_finite_features(tiny_pretrained, windows):
    flat = windows.copy()
    flat[..., 0] = 3.0
    features = PredictionFeatures(tiny_pretrained).fit(flat)
    assert np.isfinite(features(flat)).all()
    assert np.isfinite(features(windows * 1e9)).all()
    assert features.energy(windows).mean() > features.energy(flat).mean()


@pytest.mark.parametrize("missing", [np.s_[4], np.s_[:, 10:20], np.s_[..., 1], np.s_[:]])
def test_missing_values_give_finite_features(tiny_pretrained, windows, missing):
    holes = windows.copy()
    holes[missing] = np.nan
    features = PredictionFeatures(tiny_pretrained, {"parts": ("levels", "latents", "energies", "novelty")}).fit(holes)
    assert np.isfinite(features(holes)).all()
    assert np.isfinite(features.energy(holes)).all()


def test_no_resolution_is_chosen_at_which_a_window_does_not_fill_a_patch(tiny_pretrained, windows):
    assert PredictionFeatures(tiny_pretrained).fit(windows).resolutions_ == (1, 4)
    assert PredictionFeatures(tiny_pretrained).fit(windows[:, :15]).resolutions_ == (1,)
    assert PredictionFeatures(tiny_pretrained).fit(np.tile(windows, (1, 2, 1))).resolutions_ == (1, 4, 16)


def test_parts_stand_side_by_side_in_the_order_they_were_asked_for(tiny_pretrained, windows):
    def make(*parts):
        return PredictionFeatures(tiny_pretrained, {"parts": parts}).fit(windows[:20])(windows)

    both = np.concatenate([make("novelty"), make("levels")], axis=1)
    np.testing.assert_allclose(make("novelty", "levels"), both)


def test_novelty_sees_what_no_channel_shows_alone(tiny_pretrained):
    random, time = np.random.default_rng(0), np.arange(32)
    level = random.choice([-5.0, 5.0], size=(60, 1, 1))
    windows = np.sin(time)[None, :, None] + level + 0.1 * random.standard_normal((60, 32, 2))
    torn = windows[40:] * [1.0, -1.0]  # each level was there before, not together
    novelty = PredictionFeatures(tiny_pretrained, {"parts": ("novelty",)}).fit(windows[:40])
    assert novelty(torn)[:, 0].min() > novelty(windows[40:])[:, 0].max() + 1.0


def test_novelty_can_be_measured_from_one_window(tiny_pretrained, windows):
    novelty = PredictionFeatures(tiny_pretrained, {"parts": ("novelty",)}).fit(windows[:1])(windows)
    assert np.isfinite(novelty).all()
    assert (novelty[1:] > novelty[0]).all()


def test_codes_are_shares_of_the_window_and_of_what_follows(windows):
    config = {
        "context_length": 32, "future_length": 32, "patch_length": 8, "dim": 8, "predictor_dim": 8, "coarse": 0.5,
        "normalize_targets": False, "codebook": {"codes": 6}, "masking": ({"kind": "future"},),
    }  # fmt: skip
    coded = untrained(windows.reshape(-1, 3), config=config)
    config = {"parts": ("codes",), "channels": "joined", "resolutions": (1,)}
    shares = PredictionFeatures(coded, config).fit(windows)(windows).reshape(30, 3, 10, 6)  # 4 and 1, seen and ahead
    np.testing.assert_allclose(shares.sum(axis=-1), 1.0)
    seen = coded.build().double().eval().code(torch.from_numpy(windows[..., 0].copy())).numpy()
    np.testing.assert_allclose(shares[:, 0, :4], seen)


def test_the_encoder_stays_as_it_is(tiny_pretrained, windows):
    before = {name: tensor.clone() for name, tensor in tiny_pretrained.module.state_dict().items()}
    PredictionFeatures(tiny_pretrained).fit(windows)(windows)
    assert all(tensor.equal(before[name]) for name, tensor in tiny_pretrained.module.state_dict().items())


@pytest.mark.parametrize(
    "wrong",
    [{"resolutions": ()}, {"resolutions": (0,)}, {"channels": "mixed"}, {"parts": ("looks",)}, {"parts": ("codes",)}],
)
def test_impossible_settings_are_refused(tiny_pretrained, wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        PredictionFeatures(tiny_pretrained, wrong)
