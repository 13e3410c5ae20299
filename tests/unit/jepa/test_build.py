"""A JEPA is built from settings and a name, reproducibly."""

from __future__ import annotations

import pytest
import torch

from tjepa_estimators.errors import ConfigError, PluginError
from tjepa_estimators.jepa.build import build_backbone, build_jepa
from tjepa_estimators.jepa.config import JEPAConfig
from tjepa_estimators.jepa.predictor import PooledPredictor, TokenPredictor

SMALL = JEPAConfig(context_length=24, future_length=8, patch_length=4, dim=8, predictor_dim=8)


def weights(model):
    return torch.cat([value.flatten() for value in model.state_dict().values()])


def test_the_same_seed_gives_the_same_weights():
    first, again, other = (build_jepa(SMALL, "transformer", seed=seed) for seed in (0, 0, 1))
    assert torch.equal(weights(first), weights(again))
    assert not torch.equal(weights(first), weights(other))


def test_the_global_generator_is_left_alone():
    before = torch.get_rng_state()
    build_jepa(SMALL, "transformer")
    assert torch.equal(torch.get_rng_state(), before)


def test_the_teacher_starts_as_a_copy_of_the_student():
    model = build_jepa(SMALL, "transformer")
    assert torch.equal(weights(model.student), weights(model.teacher.module))
    assert not {id(p) for p in model.student.parameters()} & {id(p) for p in model.teacher.parameters()}


def test_the_settings_choose_the_predictor():
    pooled = JEPAConfig(context_length=24, future_length=8, patch_length=4, prediction="pooled")
    assert isinstance(build_jepa(SMALL, "transformer").predictor, TokenPredictor)
    assert isinstance(build_jepa(pooled, "transformer").predictor, PooledPredictor)


def test_a_misspelt_encoder_gets_a_suggestion():
    with pytest.raises(PluginError, match="Did you mean 'transformer'"):
        build_backbone(SMALL, "tranformer")


def test_a_misspelt_setting_of_the_encoder_is_named_beside_the_known_ones():
    with pytest.raises(ConfigError, match=r"extra fields found \(dept\).*knows \['depth'"):
        build_backbone(SMALL, "transformer", {"dept": 3})
