"""Every weight of a backbone belongs to one layer, and layers are in order of their depth."""

from __future__ import annotations

import pytest
from torch import nn

from tjepa_estimators.jepa.build import build_backbone
from tjepa_estimators.jepa.config import JEPAConfig
from tjepa_estimators.nn.backbone import Backbone
from tjepa_estimators.nn.depth import decayed_rates, layers_of
from tjepa_estimators.nn.tokens import PatchTokenizer

CONFIG = JEPAConfig(context_length=8, future_length=4, patch_length=4, dim=8, predictor_dim=8, predictor_heads=2)


@pytest.mark.parametrize("encoder", ["transformer", "mamba", "mamba2", "transmamba"])
def test_each_weight_is_in_one_layer(encoder):
    backbone = build_backbone(CONFIG, encoder, {"depth": 3})
    found = [id(weight) for layer in layers_of(backbone) for weight in layer]
    assert len(layers_of(backbone)) == 4
    assert sorted(found) == sorted(id(weight) for weight in backbone.parameters())


def test_the_embedding_is_the_lowest_layer_and_what_is_beside_the_blocks_belongs_to_the_highest():
    backbone = build_backbone(CONFIG, "transformer", {"depth": 2})
    layers = [{id(weight) for weight in layer} for layer in layers_of(backbone)]
    assert layers[0] == {id(weight) for weight in backbone.tokenizer.parameters()}
    assert layers[1] == {id(weight) for weight in backbone.encoder.blocks[0].parameters()}
    assert {id(weight) for weight in backbone.encoder.norm.parameters()} < layers[2]


def test_an_encoder_without_blocks_is_one_layer():
    backbone = Backbone(PatchTokenizer(8, 4), nn.Linear(8, 8))
    assert [len(layer) for layer in layers_of(backbone)] == [2, 2]


def test_without_decay_all_layers_have_the_same_rate():
    assert [share for _, share in decayed_rates([[], [], []], 0.3, 1.0)] == [0.3, 0.3, 0.3]
