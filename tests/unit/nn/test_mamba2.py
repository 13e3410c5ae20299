"""Laws of the Mamba-2 encoder."""

from __future__ import annotations

import pytest
import torch

from tjepa_estimators.contracts import Encoder
from tjepa_estimators.errors import ConfigError
from tjepa_estimators.nn.mamba2 import Mamba2Config, Mamba2Encoder, Mamba2Mixer
from tjepa_estimators.nn.randomness import scoped_seed

SMALL = {"state": 4, "head_width": 4, "chunk": 4}

both_kinds = pytest.mark.parametrize("causal", [False, True])


def encoder(**settings):
    with scoped_seed(0):
        return Mamba2Encoder(8, Mamba2Config(**SMALL | settings)).double().eval()


def tokens(count=11, batch=2):
    return torch.randn(batch, count, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(count))


def padded(before, count, after, batch=2):
    """Tokens with NaN around them, and where those are."""
    x = torch.full((batch, before + count + after, 8), torch.nan, dtype=torch.float64)
    x[:, before : before + count] = tokens(count, batch)
    return x, x.isnan().any(dim=2)


def sees(mix, count=7):
    """Whether the latent of each token (row) depends on each token (column)."""
    x = tokens(count, batch=1).requires_grad_()
    rows = [torch.autograd.grad(mix(x)[0, asked].pow(2).sum(), x)[0][0] for asked in range(count)]
    return torch.stack(rows).abs().sum(dim=2) > 0


def test_it_is_an_encoder():
    assert isinstance(encoder(), Encoder)


@both_kinds
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 8, 9])
def test_any_number_of_tokens_is_served(causal, count):
    y = encoder(causal=causal)(tokens(count))
    assert y.shape == (2, count, 8)
    assert y.isfinite().all()


def test_every_token_sees_every_other_one():
    assert sees(encoder(depth=1)).all()


def test_a_causal_token_sees_what_came_before_it():
    assert torch.equal(sees(encoder(depth=1, causal=True)), torch.ones(7, 7, dtype=torch.bool).tril())


def test_the_two_directions_are_each_others_mirror():
    mix, mirrored, x = encoder(), encoder(), tokens()
    names = {"dt_bias": "dt_b_bias", "A_log": "A_b_log", "D": "D_b", "conv1d.weight": "conv1d_b.weight",
             "conv1d.bias": "conv1d_b.bias"}  # fmt: skip
    swapped = mix.state_dict()
    for block in range(2):
        for one, other in names.items():
            start = f"blocks.{block}.mixer."
            swapped[start + one], swapped[start + other] = swapped[start + other], swapped[start + one]
    mirrored.load_state_dict(swapped)
    torch.testing.assert_close(mirrored(x.flip(1)).flip(1), mix(x), rtol=1e-10, atol=1e-10)


@both_kinds
@pytest.mark.parametrize(("before", "after"), [(0, 3), (3, 0), (1, 6), (5, 5)])
def test_padding_at_the_ends_is_as_if_it_were_not_there(causal, before, after):
    mix, (x, padding) = encoder(causal=causal), padded(before, 6, after)
    latents = mix(x, padding)
    assert latents.isfinite().all()
    torch.testing.assert_close(latents[:, before : before + 6], mix(tokens(6)), rtol=1e-10, atol=1e-10)


@both_kinds
def test_what_padding_holds_has_no_effect_wherever_it_is(causal):
    mix, x = encoder(causal=causal), tokens()
    padding = torch.rand(2, 11, generator=torch.Generator().manual_seed(0)) < 0.4
    other = torch.where(padding.unsqueeze(-1), torch.nan, x)
    assert torch.equal(mix(x, padding)[~padding], mix(other, padding)[~padding])


@both_kinds
def test_padding_gives_no_slope_and_spoils_none(causal):
    mix, (x, padding) = encoder(causal=causal), padded(2, 5, 3)
    x.requires_grad_()
    mix(x, padding)[~padding].pow(2).sum().backward()
    assert (x.grad[padding] == 0).all()
    assert all(value.grad.isfinite().all() for value in mix.parameters())


def test_a_row_of_nothing_but_padding_is_finite():
    x, padding = torch.full((2, 6, 8), torch.nan, dtype=torch.float64), torch.ones(2, 6, dtype=torch.bool)
    assert encoder()(x, padding).isfinite().all()


def test_rows_of_a_batch_do_not_know_each_other():
    mix, x = encoder(), tokens(batch=4)
    torch.testing.assert_close(mix(x)[2:3], mix(x[2:3]))


def test_the_chunk_changes_nothing_but_speed():
    x = tokens(count=21)
    torch.testing.assert_close(encoder(chunk=1)(x), encoder(chunk=32)(x), rtol=1e-10, atol=1e-10)


def test_every_parameter_gets_a_slope():
    mix = encoder(groups=2)
    mix(tokens()).pow(2).mul(torch.arange(8.0)).sum().backward()
    assert [name for name, value in mix.named_parameters() if not value.grad.abs().sum() > 0] == []


def test_slopes_agree_with_finite_differences():
    mix = encoder(depth=1, state=2)
    assert torch.autograd.gradcheck(mix, (tokens(count=5, batch=1).requires_grad_(),))


@both_kinds
def test_recomputing_blocks_changes_no_slope(causal):
    slopes = []
    for again in (False, True):
        mix = encoder(causal=causal, gradient_checkpointing=again)
        x, padding = padded(1, 6, 2)
        mix(x, padding)[~padding].pow(2).sum().backward()
        slopes.append([value.grad for value in mix.parameters()])
    assert all(torch.equal(one, other) for one, other in zip(*slopes, strict=True))


def test_it_is_close_to_itself_under_bfloat16():
    mix, x = encoder().float(), tokens().float()
    with torch.autocast("cpu", torch.bfloat16):
        low = mix(x)
    assert (low.float() - mix(x)).abs().max() < 0.1


@pytest.mark.parametrize("size", [-1e4, 1e4])
def test_extreme_step_sizes_stay_finite(size):
    mix, x = encoder().float(), tokens().float()
    for block in mix.blocks:
        torch.nn.init.constant_(block.mixer.dt_bias, size)
    mix(x).pow(2).sum().backward()
    assert mix(x).isfinite().all()
    assert all(value.grad.isfinite().all() for value in mix.parameters())


def test_fresh_step_sizes_and_rates_lie_where_mamba_ssm_puts_them():
    with scoped_seed(0):
        mixer = Mamba2Mixer(64, Mamba2Config(head_width=1))
    for dt_bias, log_rate in ((mixer.dt_bias, mixer.A_log), (mixer.dt_b_bias, mixer.A_b_log)):
        step, rate = torch.nn.functional.softplus(dt_bias), log_rate.exp()
        assert 0.00099 < step.min() < 0.002
        assert 0.05 < step.max() < 0.101
        assert 0.99 < rate.min() < 3.0
        assert 14.0 < rate.max() < 16.01


def test_a_seed_decides_the_parameters():
    one, other = encoder().state_dict(), encoder().state_dict()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_dropout_acts_in_training_only():
    mix, x = encoder(dropout=0.5), tokens()
    assert torch.equal(mix(x), mix(x))
    mix.train()
    assert not torch.equal(mix(x), mix(x))


@pytest.mark.parametrize(("dim", "expansion", "width"), [(8, 2, 16), (64, 2, 64), (24, 1, 8), (96, 2, 64), (5, 1, 1)])
def test_heads_are_as_wide_as_the_channels_allow(dim, expansion, width):
    assert Mamba2Config(expansion=expansion).width_of_heads(dim) == width


def test_heads_that_do_not_divide_the_channels_are_refused():
    with pytest.raises(ConfigError, match=r"head_width=3 does not divide expansion \* dim = 2 \* 8 = 16"):
        encoder(head_width=3)


def test_groups_that_do_not_divide_the_heads_are_refused():
    with pytest.raises(ConfigError, match="groups=3 does not divide the 4 heads"):
        encoder(groups=3)


@pytest.mark.parametrize("setting", [
    *({name: 0} for name in ("depth", "state", "conv", "expansion", "head_width", "groups", "chunk")),
    {"dropout": 1.0}, {"dropout": -0.1}, {"head_width": -1},
])  # fmt: skip
def test_impossible_sizes_are_refused(setting):
    with pytest.raises(ConfigError, match="must be at least 1"):
        Mamba2Config(**setting)
