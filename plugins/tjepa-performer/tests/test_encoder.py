"""Laws of the Performer encoder."""

from __future__ import annotations

import pytest
import torch
from tjepa_performer.encoder import PerformerConfig, PerformerEncoder
from torch.utils._python_dispatch import TorchDispatchMode

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.nn.randomness import scoped_seed
from tjepa_estimators.nn.transformer import TransformerConfig, TransformerEncoder
from tjepa_estimators.testing import EncoderTests


class TestPerformer(EncoderTests):
    encoder = "performer"


def encoder(seed=0, **settings):
    with scoped_seed(seed):
        return PerformerEncoder(8, PerformerConfig(**{"heads": 2} | settings)).eval()


def tokens(count=6, batch=2, dtype=torch.float64):
    return torch.randn(batch, count, 8, dtype=dtype, generator=torch.Generator().manual_seed(0))


def test_with_many_directions_it_is_the_built_in_transformer():
    exact = TransformerEncoder(8, TransformerConfig(heads=2)).double()
    near, far = (encoder(features=features).double() for features in (320_000, 4))
    for one in (near, far):
        found = one.load_state_dict(exact.state_dict(), strict=False)
        assert found.missing_keys == [f"blocks.{block}.attention.directions" for block in range(2)]
        assert found.unexpected_keys == []
    expected = exact(tokens())
    # with a quarter of the directions, none of 60 draws was off by more than .02; draws differ between processors
    assert (near(tokens()) - expected).abs().max() < 0.03 < (far(tokens()) - expected).abs().max()


def test_weights_that_are_loaded_again_act_the_same_whatever_was_drawn():
    one, other, x = encoder(seed=0), encoder(seed=1), tokens(dtype=torch.float32)
    assert not torch.equal(one(x), other(x))
    other.load_state_dict(one.state_dict())
    assert torch.equal(one(x), other(x))


def test_directions_are_kept_with_the_weights_but_never_trained():
    mix = encoder(depth=1)
    assert "blocks.0.attention.directions" in mix.state_dict()
    assert not any("directions" in name for name, _ in mix.named_parameters())


@pytest.mark.parametrize("garbage", [100.0, float("nan"), float("inf")])
def test_padding_influences_no_other_token(garbage):
    mix, x = encoder().double(), tokens()
    padding = torch.zeros(2, 6, dtype=torch.bool)
    padding[:, 4:] = True
    changed = x.clone()
    changed[:, 4:] = garbage
    found = mix(changed, padding)
    assert torch.equal(mix(x, padding)[:, :4], found[:, :4])
    assert found.isfinite().all()
    torch.testing.assert_close(found[:, :4], mix(x[:, :4]))


def test_a_row_of_nothing_but_padding_is_finite_and_has_finite_slopes():
    mix, x = encoder().double(), tokens().requires_grad_()
    padding = torch.tensor([[True] * 6, [False] * 6])
    mix(x, padding).sum().backward()
    assert x.grad.isfinite().all()
    torch.testing.assert_close(mix(x, padding)[1:], mix(x[1:]))


def test_a_single_token_is_encoded():
    assert encoder()(tokens(count=1, batch=1, dtype=torch.float32)).isfinite().all()


class LargestTensor(TorchDispatchMode):
    """Remembers the most elements of any result."""

    elements = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for one in result if isinstance(result, tuple | list) else [result]:
            if isinstance(one, torch.Tensor):
                self.elements = max(self.elements, one.numel())
        return result


def largest_tensor(mix, count):
    x = tokens(count, batch=1, dtype=torch.float32).requires_grad_()
    with LargestTensor() as seen:
        mix(x).sum().backward()
    return seen.elements


def test_no_tensor_grows_faster_than_the_number_of_tokens():
    mix = encoder()
    assert largest_tensor(mix, 4096) == 4 * largest_tensor(mix, 1024) < 4096**2 / 100


def test_recomputing_in_the_backward_pass_changes_no_gradient():
    gradients = []
    for again in (False, True):
        mix, x = encoder(gradient_checkpointing=again).train(), tokens(dtype=torch.float32).requires_grad_()
        mix(x, torch.zeros(2, 6, dtype=torch.bool)).square().sum().backward()
        gradients.append([x.grad, *(one.grad for one in mix.parameters())])
    torch.testing.assert_close(*gradients, rtol=0, atol=0)


def test_gradients_agree_with_finite_differences():
    mix, x = encoder(depth=1, features=3).double(), tokens(count=3, batch=1).requires_grad_()
    padding = torch.tensor([[False, False, True]])
    assert torch.autograd.gradcheck(lambda one: mix(one, padding)[:, :2], x)


def test_bf16_autocast_stays_near_float32():
    mix, x = encoder(), tokens(count=64, dtype=torch.float32)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = mix(x)
    assert (found - mix(x)).square().mean() < 1e-3


def test_dropout_acts_in_training_only():
    mix, x = encoder(dropout=0.5), tokens(dtype=torch.float32)
    assert torch.equal(mix(x), mix(x))
    mix.train()
    assert not torch.equal(mix(x), mix(x))


def test_it_can_be_exported():
    mix, x = encoder(), tokens(dtype=torch.float32)
    exported = torch.export.export(mix, (x,), dynamic_shapes=({0: torch.export.Dim.AUTO, 1: torch.export.Dim.AUTO},))
    torch.testing.assert_close(exported.module()(tokens(9, 3, torch.float32)), mix(tokens(9, 3, torch.float32)))


@pytest.mark.parametrize(
    "setting", [{"depth": 0}, {"heads": 0}, {"expansion": 0}, {"dropout": 1.0}, {"dropout": -0.1}, {"features": 0}]
)
def test_impossible_sizes_are_refused(setting):
    with pytest.raises(ConfigError, match="at least 1"):
        PerformerConfig(**setting)


def test_heads_that_do_not_divide_the_width_are_refused():
    with pytest.raises(ConfigError, match="heads=3 does not divide dim=8"):
        encoder(heads=3)
