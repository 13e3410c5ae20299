"""Presets are found by name, survive a plain dict and hide what their papers hide."""

from __future__ import annotations

import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.jepa.config import PRESETS, JEPAConfig, as_preset
from tjepa_estimators.settings import as_settings, to_dict


@given(steps=st.integers(1, 1000), name=st.sampled_from(sorted(PRESETS)))
def test_a_window_cut_to_the_series_is_no_longer_than_it_and_has_two_tokens(steps, name):
    config = PRESETS[name].jepa.fit_to(steps)
    assert config.window_length <= max(steps, 2)
    assert config.num_tokens >= 2
    assert config.patch_length <= PRESETS[name].jepa.patch_length


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_settings_survive_a_plain_dict(name):
    assert as_settings(JEPAConfig, json.loads(json.dumps(to_dict(PRESETS[name].jepa)))) == PRESETS[name].jepa


@pytest.mark.parametrize("name", ["mts-jepa", "mts-jepa-latent"])
def test_the_mts_presets_hide_exactly_the_second_of_two_windows_of_five_patches(name):
    config = PRESETS[name].jepa
    masks = config.masker()(config.num_tokens, 2, torch.Generator().manual_seed(0))
    assert masks.context.tolist() == [[0, 1, 2, 3, 4]] * 2
    assert masks.targets.tolist() == [[[5, 6, 7, 8, 9]]] * 2


def test_the_temporal_jepa_preset_makes_four_tokens():
    assert PRESETS["temporal-jepa"].jepa.num_tokens == 4


def test_presets_come_by_name_and_settings_as_they_are():
    assert as_preset("tiny") is PRESETS["tiny"]
    assert as_preset(None).jepa == as_preset({}).jepa == JEPAConfig()
    config = JEPAConfig(dim=16)
    assert as_preset(config).jepa is config
    assert as_preset({"dim": 16}).jepa == config


def test_an_unknown_preset_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match=r"'tinny' is unknown; choose one of tiny"):
        as_preset("tinny")
