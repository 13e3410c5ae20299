"""Laws of FAVOR+ attention: what it approximates, how well, and what it must never do.

A seed draws other numbers on another processor, so bounds on what is drawn hold for any draw.
"""

from __future__ import annotations

import math

import pytest
import torch
from tjepa_performer.favor import default_features, draw_directions, favor_attention
from torch.nn.functional import scaled_dot_product_attention

from tjepa_estimators.nn.randomness import scoped_seed


def parts(tokens=12, width=8, scale=0.5, batch=2, heads=3, seed=0, dtype=torch.float64):
    """Query, key, value."""
    drawn = torch.randn(3, batch, heads, tokens, width, generator=torch.Generator().manual_seed(seed), dtype=dtype)
    return (drawn * scale).unbind()


def directions(features=24, width=8, heads=3, seed=0):
    with scoped_seed(seed):
        return torch.stack([draw_directions(features, width) for _ in range(heads)]).double()


def error(features):
    """Mean squared error against exact attention, averaged over draws of the directions."""
    query, key, value = parts()
    exact = scaled_dot_product_attention(query, key, value)
    found = [favor_attention(query, key, value, directions(features, seed=seed)) for seed in range(32)]
    return torch.stack([(one - exact).square().mean() for one in found]).mean() / exact.square().mean()


def test_the_error_falls_as_one_over_the_number_of_directions():
    few, some, many = error(32), error(128), error(512)
    assert few > 2 * some > 4 * many
    assert many < 0.02


def test_it_is_the_papers_ratio_of_sums_over_positive_features():
    query, key, value = parts()
    drawn = directions()

    def phi(x):
        x = x / x.shape[-1] ** 0.25
        return (x @ drawn.mT - x.square().sum(-1, keepdim=True) / 2).exp() / math.sqrt(drawn.shape[1])

    kernel = phi(query) @ phi(key).mT
    expected = kernel @ value / kernel.sum(-1, keepdim=True)
    torch.testing.assert_close(favor_attention(query, key, value, drawn), expected)


def kernel_estimates(drawn, query, key):
    """Estimates of ``exp(query · key)``, one for each group of directions."""
    phi_query, phi_key = ((x @ drawn.mT - x.square().sum() / 2).exp() for x in (query, key))
    return (phi_query * phi_key).mean(-1)


def test_the_features_are_an_unbiased_estimate_of_the_softmax_kernel():
    query, key = (part[0, 0, 0] for part in parts(scale=0.25)[:2])
    with scoped_seed(0):
        found = kernel_estimates(draw_directions(80_000, 8).double(), query, key)
    torch.testing.assert_close(found, (query @ key).exp(), rtol=0.05, atol=0.0)


def test_orthogonal_directions_estimate_better_than_independent_ones():
    query, key = (part[0, 0, 0] for part in parts(scale=0.25)[:2])
    with scoped_seed(0):
        # a smaller sample of such heavy tails now and then says the opposite
        groups = draw_directions(640_000, 8).double().reshape(-1, 8, 8), torch.randn(80_000, 8, 8).double()
    orthogonal, independent = (kernel_estimates(group, query, key).var() for group in groups)
    assert orthogonal < 0.9 * independent


def test_directions_of_a_block_are_orthogonal_and_those_of_two_blocks_are_not():
    with scoped_seed(0):
        drawn = draw_directions(20, 8)
    angles = torch.nn.functional.normalize(drawn) @ torch.nn.functional.normalize(drawn).T
    for block in (slice(0, 8), slice(8, 16), slice(16, 20)):
        size = block.stop - block.start
        torch.testing.assert_close(angles[block, block], torch.eye(size), rtol=0, atol=1e-5)
    assert angles[:8, 8:16].abs().max() > 0.1


def test_each_direction_alone_is_standard_normal():
    with scoped_seed(0):
        drawn = torch.stack([draw_directions(6, 4) for _ in range(16_000)])  # (draws, features, width)
    torch.testing.assert_close(drawn.mean(0), torch.zeros(6, 4), rtol=0, atol=0.08)
    for one in range(6):
        torch.testing.assert_close(drawn[:, one].T.cov(), torch.eye(4), rtol=0, atol=0.12)
    kurtosis = drawn.pow(4).mean(0)  # 3 for a normal variable; 2 if the norms were fixed at the root of the width
    torch.testing.assert_close(kurtosis, torch.full((6, 4), 3.0), rtol=0, atol=0.45)


@pytest.mark.parametrize(("width", "features"), [(1, 1), (2, 2), (8, 17), (64, 267)])
def test_the_default_number_of_directions_is_at_least_the_width(width, features):
    assert default_features(width) == features


def test_hidden_tokens_are_as_if_they_were_not_there():
    query, key, value = parts()
    visible = torch.arange(12) < 9
    found = favor_attention(query, key, value, directions(), visible[None, None, None])
    expected = favor_attention(query[..., :9, :], key[..., :9, :], value[..., :9, :], directions())
    torch.testing.assert_close(found[..., :9, :], expected)


def test_weights_are_positive_and_add_up_to_one():
    query, key, _ = parts(batch=1)
    weights = favor_attention(query, key, torch.eye(12, dtype=torch.float64).expand(1, 3, 12, 12), directions())
    assert (weights > 0).all()
    torch.testing.assert_close(weights.sum(-1), torch.ones(1, 3, 12, dtype=torch.float64))


@pytest.mark.parametrize("scale", [1e-20, 1.0, 30.0, 1e4])
def test_no_size_of_the_logits_overflows_or_underflows(scale):
    query, key, value = (part.requires_grad_() for part in parts(scale=scale, dtype=torch.float32))
    mixed = favor_attention(query, key, value, directions().float())
    slopes = torch.autograd.grad((mixed / scale).square().sum(), (query, key, value))
    assert mixed.isfinite().all()
    assert all(slope.isfinite().all() for slope in slopes)
    assert (mixed <= value.amax(-2, keepdim=True) * (1 + 1e-5)).logical_or(mixed <= value.abs().amax() * 1e-5).all()


def test_a_common_shift_of_one_rows_keys_does_not_reach_another_row():
    query, key, value = parts()
    changed = torch.cat([key[:1], key[1:] * 40.0])
    first, again = (favor_attention(query, one, value, directions())[0] for one in (key, changed))
    assert torch.equal(first, again)


def test_it_computes_in_float32_under_autocast_and_in_what_is_given_otherwise():
    query, key, value = (part.float() for part in parts())
    drawn = directions()
    expected = favor_attention(query, key, value, drawn.float())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(favor_attention(query, key, value, drawn.float()), expected)
    assert favor_attention(*parts(), drawn).dtype == torch.float64
    halves = (part.bfloat16() for part in (query, key, value, drawn))
    assert favor_attention(*halves).dtype == torch.float32


def test_gradients_agree_with_finite_differences():
    query, key, value = (part.requires_grad_() for part in parts(tokens=3, width=2, batch=1, heads=2))
    drawn = directions(features=3, width=2, heads=2)
    visible = torch.tensor([True, True, False])[None, None, None]
    assert torch.autograd.gradcheck(lambda *given: favor_attention(*given, drawn, visible), (query, key, value))
