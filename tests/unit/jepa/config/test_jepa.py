"""The window, tokens, weights and masker that settings stand for, and how the window follows the data."""

from __future__ import annotations

from dataclasses import replace

import torch
from hypothesis import given
from hypothesis import strategies as st

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.jepa.config import JEPAConfig, MaskConfig
from tjepa_estimators.jepa.masking import FutureMasker, MixedMasker
from tjepa_estimators.nn.tokens import PatchTokenizer


@given(context=st.integers(1, 60), future=st.integers(0, 30), patch=st.integers(1, 10), data=st.data())
def test_the_number_of_tokens_is_what_the_tokenizer_makes(context, future, patch, data):
    stride = data.draw(st.none() | st.integers(1, patch))
    try:
        config = JEPAConfig(context_length=context, future_length=future, patch_length=patch, patch_stride=stride)
    except ConfigError:
        return
    tokens = PatchTokenizer(2, patch, stride)(torch.randn(1, config.window_length))
    assert tokens.values.shape[1] == config.num_tokens


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


def test_one_way_to_hide_is_used_as_it_is_and_several_are_mixed():
    future = MaskConfig(kind="future", options={"low": 0.1, "high": 0.3})
    assert JEPAConfig(masking=(future,)).masker() == FutureMasker(0.1, 0.3)
    mixed = JEPAConfig(masking=(future, MaskConfig(kind="random", weight=3.0))).masker()
    assert isinstance(mixed, MixedMasker)
    assert mixed.weights == (1.0, 3.0)
