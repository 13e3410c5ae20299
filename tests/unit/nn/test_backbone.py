"""What the backbone keeps, what it drops, and what may inform it."""

from __future__ import annotations

import torch
from torch import nn

from tjepa_estimators.nn.backbone import Backbone
from tjepa_estimators.nn.randomness import scoped_seed
from tjepa_estimators.nn.tokens import PatchTokenizer


class Recorder(nn.Module):
    """An encoder that changes nothing and remembers what it got."""

    def forward(self, x, padding=None):
        self.seen, self.padding = x, padding
        return x


def backbone():
    with scoped_seed(0):
        return Backbone(PatchTokenizer(dim=4, patch_length=4), Recorder())


RAW = torch.randn(2, 16, generator=torch.Generator().manual_seed(0))
KEEP = torch.tensor([[0, 2], [1, 3]])


def test_the_encoder_gets_the_kept_tokens_only():
    model = backbone()
    out = model(RAW, keep=KEEP)
    assert model.encoder.seen.shape == (2, 2, 4)
    assert out.positions.squeeze(-1).tolist() == KEEP.tolist()


def test_kept_tokens_set_the_scale_unless_another_context_is_named():
    model, changed = backbone(), RAW.clone()
    changed[0, 12:] += 50.0
    assert torch.equal(model(RAW, keep=KEEP).values[0], model(changed, keep=KEEP).values[0])
    everything = torch.arange(4).repeat(2, 1)
    assert not torch.equal(
        model(RAW, keep=KEEP, context=everything).values[0], model(changed, keep=KEEP, context=everything).values[0]
    )


def test_the_encoder_gets_a_mask_only_where_there_is_padding():
    model, gappy = backbone(), RAW.clone()
    gappy[1, 4:8] = torch.nan
    model(RAW)
    assert model.encoder.padding is None
    model(gappy)
    assert model.encoder.padding.nonzero().tolist() == [[1, 1]]
