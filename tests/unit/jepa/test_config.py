"""What a JEPAConfig accepts, and how its window follows the data."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.jepa.config import PRESETS, JEPAConfig, MaskConfig, as_preset
from tjepa_estimators.jepa.masking import FutureMasker, MixedMasker
from tjepa_estimators.nn.tokens import PatchTokenizer


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
