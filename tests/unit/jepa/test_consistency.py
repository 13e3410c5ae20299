"""The consistency of slices along the first axis."""

from __future__ import annotations

import pytest
import torch

from tests import grids
from tjepa_estimators import pretrain
from tjepa_estimators.errors import ConfigError
from tjepa_estimators.jepa.config import JEPAConfig
from tjepa_estimators.jepa.consistency import consistency_loss

PLACES = torch.tensor([[0.0, 0.0, 1.0, 1.0, 2.0]]).repeat(3, 1)
SEEN = torch.ones(3, 5, dtype=torch.bool)


def test_it_is_zero_where_slices_agree_on_average_and_only_there():
    latents = torch.randn(3, 5, 4)
    assert consistency_loss(latents, PLACES, SEEN) > 0.1
    alike = latents - torch.stack(
        [latents[:, [0, 1]].mean(1)] * 2 + [latents[:, [2, 3]].mean(1)] * 2 + [latents[:, 4]], 1
    )
    assert consistency_loss(alike, PLACES, SEEN) < 1e-10


def test_the_order_of_tokens_does_not_matter_and_padding_counts_for_nothing():
    latents, order = torch.randn(3, 5, 4), torch.randperm(5)
    whole = consistency_loss(latents, PLACES, SEEN)
    torch.testing.assert_close(consistency_loss(latents[:, order], PLACES[:, order], SEEN), whole)
    padded = torch.cat([latents, torch.full((3, 1, 4), torch.nan)], dim=1)
    places = torch.cat([PLACES, torch.zeros(3, 1)], dim=1)
    seen = torch.cat([SEEN, torch.zeros(3, 1, dtype=torch.bool)], dim=1)
    torch.testing.assert_close(consistency_loss(padded, places, seen), whole)


def test_a_single_slice_has_nothing_to_agree_with():
    latents = torch.randn(3, 5, 4, requires_grad=True)
    loss = consistency_loss(latents, torch.zeros(3, 5), SEEN)
    loss.backward()
    assert loss == 0.0
    assert latents.grad.isfinite().all()


def test_training_with_it_is_another_training_and_a_negative_weight_is_refused(monkeypatch):
    grids.install(monkeypatch)
    items = grids.Squares().items()
    jepa = {"tokenizer": {"kind": "grid"}, "masking": ({"kind": "column"},), "dim": 8, "predictor_dim": 8}
    plain, drawn = (
        pretrain(
            items,
            config={**jepa, "consistency": weight},
            train={"steps": 3, "batch_size": 8},
            encoder_config={"depth": 1},
        )
        for weight in (0.0, 1.0)
    )
    assert plain.fingerprint != drawn.fingerprint
    with pytest.raises(ConfigError, match="must not be negative"):
        JEPAConfig(consistency=-1.0)
