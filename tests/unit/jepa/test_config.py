"""What a JEPAConfig accepts, and how its window follows the data."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.jepa.codebook import CodebookConfig
from tjepa_estimators.jepa.config import PRESETS, JEPAConfig, MaskConfig, as_preset
from tjepa_estimators.jepa.masking import FutureMasker, MixedMasker
from tjepa_estimators.nn.tokens import PatchTokenizer
from tjepa_estimators.settings import as_settings, to_dict


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        ({"context_length": 0}, "context_length must be at least 1"),
        ({"future_length": -1}, "future_length at least 0"),
        ({"patch_length": 0}, "patch_length must be at least 1"),
        ({"patch_length": 1000}, "fit in the window"),
        ({"patch_length": 4, "patch_stride": 5}, "patch_stride must lie in"),
        ({"patch_stride": 0}, "patch_stride must lie in"),
        ({"embedding": "fourier"}, "embedding must be"),
        ({"prediction": "pixels"}, "prediction must be"),
        ({"loss": "hinge"}, "loss must be one of"),
        ({"dim": 0}, "dim, predictor_dim"),
        ({"predictor_heads": 5}, "predictor_heads must divide"),
        ({"momentum": (0.9, 1.1)}, "momentum must lie in"),
        ({"sigreg": -1.0}, "must not be negative"),
        ({"variance": 1.0}, "variance needs a positive covariance"),
        ({"masking": ()}, "at least one way"),
        ({"context_length": 24, "future_length": 0}, "at least two tokens"),
        ({"resolutions": ()}, "resolutions must begin with 1"),
        ({"resolutions": (4, 16)}, "resolutions must begin with 1"),
        ({"resolutions": (1, 16, 4)}, "and increase"),
        ({"resolutions": (1, 1)}, "and increase"),
        ({"resolutions": (1, 4), "resolution_weights": (1.0,)}, "one weight for each of the resolutions"),
        ({"resolution_weights": (0.5, 0.5)}, "one weight for each of the resolutions"),
        ({"resolutions": (1, 4), "resolution_weights": (1.0, 0.0)}, "leave out a resolution"),
        ({"resolution_weights": (float("nan"),)}, "must be positive and finite"),
        ({"coarse": -0.5}, "coarse and reconstruction must be finite"),
        ({"coarse": 0.5, "prediction": "pooled"}, "coarse needs prediction='token'"),
        ({"coarse": 0.5, "patch_stride": 12}, "leave patch_stride at None"),
        ({"reconstruction": (0.5, -0.1)}, "coarse and reconstruction must be finite"),
        ({"reconstruction": (0.5, 0.1), "prediction": "pooled"}, "reconstruction decodes tokens"),
        ({"codebook": CodebookConfig(), "normalize_targets": False, "prediction": "pooled"}, "codes tokens one by one"),
        ({"codebook": CodebookConfig()}, "set normalize_targets=False"),
    ],
)
def test_impossible_settings_are_refused_with_the_rule(settings, rule):
    with pytest.raises(ConfigError, match=rule):
        JEPAConfig(**settings)


@given(context=st.integers(1, 60), future=st.integers(0, 30), patch=st.integers(1, 10), data=st.data())
def test_the_number_of_tokens_is_what_the_tokenizer_makes(context, future, patch, data):
    stride = data.draw(st.none() | st.integers(1, patch))
    try:
        config = JEPAConfig(context_length=context, future_length=future, patch_length=patch, patch_stride=stride)
    except ConfigError:
        return
    tokens = PatchTokenizer(2, patch, stride)(torch.randn(1, config.window_length))
    assert tokens.values.shape[1] == config.num_tokens


@given(steps=st.integers(1, 1000), name=st.sampled_from(sorted(PRESETS)))
def test_a_window_cut_to_the_series_is_no_longer_than_it_and_has_two_tokens(steps, name):
    config = PRESETS[name].jepa.fit_to(steps)
    assert config.window_length <= max(steps, 2)
    assert config.num_tokens >= 2
    assert config.patch_length <= PRESETS[name].jepa.patch_length


def test_a_long_enough_series_leaves_the_window_as_it_is():
    config = JEPAConfig()
    assert config.fit_to(config.window_length) is config
    assert config.fit_to(config.window_length - 1) != config


def test_cutting_keeps_the_shares_of_context_and_future():
    config = JEPAConfig(context_length=300, future_length=100).fit_to(100)
    assert (config.context_length, config.future_length) == (75, 25)


def test_resolutions_that_reach_beyond_the_series_are_dropped_with_their_weights():
    config = JEPAConfig(context_length=75, future_length=25, resolutions=(1, 4, 16), resolution_weights=(1.0, 2.0, 3.0))
    assert config.reach == 1600
    assert config.fit_to(1600) is config
    assert config.fit_to(1599) == replace(config, resolutions=(1, 4), resolution_weights=(1.0, 2.0))
    assert config.fit_to(399) == replace(config, resolutions=(1,), resolution_weights=(1.0,))
    assert config.fit_to(50).resolutions == (1,)
    assert config.fit_to(50).window_length == 50


def test_weights_of_resolutions_are_equal_and_add_up_to_one_unless_given():
    assert JEPAConfig().weights() == (1.0,)
    assert JEPAConfig(resolutions=(1, 4)).weights() == (0.5, 0.5)
    assert JEPAConfig(resolutions=(1, 4), resolution_weights=(1.0, 2.0)).weights() == (1.0, 2.0)


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_settings_survive_a_plain_dict(name):
    assert as_settings(JEPAConfig, json.loads(json.dumps(to_dict(PRESETS[name].jepa)))) == PRESETS[name].jepa


def test_a_misspelt_setting_of_the_codebook_is_refused():
    with pytest.raises(ConfigError, match="heat"):
        as_settings(JEPAConfig, {"codebook": {"heat": 0.1}})


@pytest.mark.parametrize("name", ["mts-jepa", "mts-jepa-latent"])
def test_the_mts_presets_hide_exactly_the_second_of_two_windows_of_five_patches(name):
    config = PRESETS[name].jepa
    masks = config.masker()(config.num_tokens, 2, torch.Generator().manual_seed(0))
    assert masks.context.tolist() == [[0, 1, 2, 3, 4]] * 2
    assert masks.targets.tolist() == [[[5, 6, 7, 8, 9]]] * 2


def test_one_way_to_hide_is_used_as_it_is_and_several_are_mixed():
    future = MaskConfig(kind="future", options={"low": 0.1, "high": 0.3})
    assert JEPAConfig(masking=(future,)).masker() == FutureMasker(0.1, 0.3)
    mixed = JEPAConfig(masking=(future, MaskConfig(kind="random", weight=3.0))).masker()
    assert isinstance(mixed, MixedMasker)
    assert mixed.weights == (1.0, 3.0)


def test_the_temporal_jepa_preset_makes_four_tokens():
    assert PRESETS["temporal-jepa"].jepa.num_tokens == 4


def test_presets_come_by_name_and_settings_as_they_are():
    assert as_preset("tiny") is PRESETS["tiny"]
    assert as_preset(None).jepa == as_preset({}).jepa == JEPAConfig()
    config = JEPAConfig(dim=16)
    assert as_preset(config).jepa is config
    assert as_preset({"dim": 16}).jepa == config


def test_an_unknown_preset_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match=r"'tinny' is unknown; choose one of .*'tiny'"):
        as_preset("tinny")
