"""Laws of the built-in encoder."""

from __future__ import annotations

import pytest
import torch

from tjepa_estimators.contracts import Encoder
from tjepa_estimators.errors import ConfigError
from tjepa_estimators.nn.randomness import scoped_seed
from tjepa_estimators.nn.transformer import TransformerConfig, TransformerEncoder


def encoder(**settings):
    with scoped_seed(0):
        return TransformerEncoder(8, TransformerConfig(**{"heads": 2} | settings)).double().eval()


def tokens(count=6, batch=2):
    return torch.randn(batch, count, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def test_it_is_an_encoder():
    assert isinstance(encoder(), Encoder)


def test_permuting_the_tokens_permutes_the_latents():
    mix, x, order = encoder(), tokens(), torch.randperm(6, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(mix(x)[:, order], mix(x[:, order]))


def test_every_token_sees_every_other_one():
    mix, x = encoder(), tokens(batch=1).requires_grad_()
    for asked in range(6):
        (slope,) = torch.autograd.grad(mix(x)[0, asked].pow(2).sum(), x)
        assert (slope[0].abs().sum(dim=1) > 0).all()


def test_padding_influences_no_other_token():
    mix, x = encoder(), tokens()
    padding = torch.zeros(2, 6, dtype=torch.bool)
    padding[:, 4:] = True
    changed = x.clone()
    changed[:, 4:] = 100.0
    assert torch.equal(mix(x, padding)[:, :4], mix(changed, padding)[:, :4])
    assert torch.allclose(mix(x, padding)[:, :4], mix(x[:, :4]))


def test_a_row_of_nothing_but_padding_is_finite_and_has_finite_slopes():
    mix, x = encoder(), tokens().requires_grad_()
    mix(x, torch.ones(2, 6, dtype=torch.bool)).sum().backward()
    assert x.grad.isfinite().all()


def test_rows_of_a_batch_do_not_know_each_other():
    mix, x = encoder(), tokens(batch=4)
    assert torch.allclose(mix(x)[2:3], mix(x[2:3]))


def test_dropout_acts_in_training_only():
    mix, x = encoder(dropout=0.5), tokens()
    assert torch.equal(mix(x), mix(x))
    mix.train()
    assert not torch.equal(mix(x), mix(x))


@pytest.mark.parametrize("setting", [{"depth": 0}, {"heads": 0}, {"expansion": 0}, {"dropout": 1.0}, {"dropout": -0.1}])
def test_impossible_sizes_are_refused(setting):
    with pytest.raises(ConfigError, match="must be at least 1"):
        TransformerConfig(**setting)


def test_heads_that_do_not_divide_the_width_are_refused():
    with pytest.raises(ConfigError, match="heads=3 does not divide dim=8"):
        encoder(heads=3)


@pytest.mark.parametrize("count", [2, 4, 6, 8, 12, 16, 24])
@pytest.mark.parametrize("batch", [1, 5, 8, 24])
def test_sequences_attended_to_together_give_what_each_gives_alone_and_in_training(batch, count):
    mix, x = encoder(), tokens(count, batch)
    with torch.inference_mode():
        together, alone = mix(x), torch.cat([mix(row) for row in x.split(1)])
    torch.testing.assert_close(together, alone)
    torch.testing.assert_close(together, mix(x).detach())
