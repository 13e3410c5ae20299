"""Laws of the mixture of experts."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch
from tjepa_moe.config import MoEConfig
from tjepa_moe.encoder import MoEEncoder
from torch import nn

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.nn.auxiliary import auxiliary_losses, encoder_diagnostics
from tjepa_estimators.nn.randomness import scoped_seed

DIM, EXPERTS = 8, 4


def encoder(**settings):
    with scoped_seed(0):
        return MoEEncoder(DIM, MoEConfig(**{"expert_config": {"heads": 2}} | settings)).double()


def tokens(batch=16, count=6):
    return torch.randn(batch, count, DIM, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def padded_tail(batch=16, count=6, tail=2):
    padding = torch.zeros(batch, count, dtype=torch.bool)
    padding[:, count - tail :] = True
    return padding


def send_all_to(mix, *numbers):
    """Make every router choose these experts for any input: normed tokens then have a sum that is known."""
    for block in mix.blocks:
        nn.init.ones_(block.norm.bias)
        nn.init.constant_(block.router.score.weight, -1.0)
        block.router.score.weight.data[list(numbers)] = 1.0
    return mix


def count_rows(mix):
    """Rows that each expert is given from now on: one list for each block."""
    rows = [[0] * len(block.experts) for block in mix.blocks]
    for block, counts in zip(mix.blocks, rows, strict=True):
        for number, expert in enumerate(block.experts):

            def count(_, inputs, counts=counts, number=number):
                counts[number] += len(inputs[0])

            expert.register_forward_pre_hook(count)
    return rows


@pytest.mark.parametrize("top_k", [1, 2, EXPERTS])
def test_each_row_is_computed_by_top_k_experts_and_no_other(top_k):
    mix = encoder(top_k=top_k).eval()
    rows = count_rows(mix)
    mix(tokens(batch=16))
    assert [sum(counts) for counts in rows] == [16 * top_k] * 2
    assert encoder_diagnostics(mix) == {
        f"blocks.{block}.expert_{number}_use": count / (16 * top_k)
        for block, counts in enumerate(rows)
        for number, count in enumerate(counts)
    }


def test_an_expert_that_no_row_chose_is_not_run():
    mix = send_all_to(encoder(top_k=2), 1, 3)
    rows = count_rows(mix)
    mix(tokens())
    assert rows == [[0, 16, 0, 16]] * 2


def test_the_output_is_the_weighted_sum_of_the_chosen_experts_on_a_residual_branch():
    (block,), x = encoder(depth=1).eval().blocks, tokens()
    padding = padded_tail()
    normed = block.norm(x)
    routing = block.router(normed, ~padding)
    expected = x.clone()
    for row in range(len(x)):
        for number, weight in zip(routing.chosen[row], routing.weights[row], strict=True):
            expected[row] += weight * block.experts[number](normed[row : row + 1], padding[row : row + 1])[0]
    torch.testing.assert_close(block(x, padding)[~padding], expected[~padding])


def test_rows_do_not_depend_on_their_batch():
    mix, x = encoder().eval(), tokens()
    torch.testing.assert_close(mix(x), torch.cat([mix(row[None]) for row in x]))


@pytest.mark.parametrize("garbage", [100.0, float("nan"), float("inf")])
def test_padding_influences_neither_other_tokens_nor_the_choice(garbage):
    mix, x, padding = encoder().eval(), tokens(), padded_tail()
    spoiled = x.masked_fill(padding[..., None], garbage)
    found = mix(spoiled, padding)
    use = encoder_diagnostics(mix)
    assert found.isfinite().all()
    torch.testing.assert_close(found[:, :4], mix(x[:, :4]))
    assert encoder_diagnostics(mix) == use


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (3, 1), (2, 200)])
def test_any_number_of_rows_and_tokens_can_be_mixed(shape):
    mix = encoder().float().train()
    x = tokens(*shape).float()
    assert mix(x).shape == x.shape
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert mix(x, torch.ones(shape, dtype=torch.bool)).isfinite().all()


def test_every_parameter_gets_a_slope_even_where_an_expert_was_not_chosen():
    mix = send_all_to(encoder(), 0, 1)
    mix(tokens()).square().sum().backward()
    for block in mix.blocks:
        slopes = [[one.grad.abs().sum() for one in expert.parameters()] for expert in block.experts]
        assert all(any(slope > 0 for slope in own) for own in slopes[:2])
        assert all(slope == 0 for own in slopes[2:] for slope in own)
    mix = encoder()
    (mix(tokens(batch=64)) * tokens(batch=64).flip(0)).sum().backward()
    assert [name for name, one in mix.named_parameters() if not one.grad.abs().sum() > 0] == []


def test_gradients_agree_with_finite_differences():
    mix, x = encoder(depth=1, experts=3), tokens(batch=2, count=3).requires_grad_()
    assert torch.autograd.gradcheck(lambda one: mix(one, padded_tail(2, 3, 1))[:, :2], x)


@pytest.mark.parametrize("again", [False, True])
def test_the_balance_of_each_training_pass_is_handed_over_once_and_moves_the_routers(again):
    mix = encoder(balance=0.5, gradient_checkpointing=again).train()
    for _ in range(2):
        mix.zero_grad()
        output = mix(tokens())
        losses = auxiliary_losses(mix)
        assert list(losses) == ["balance"]
        assert 0.5 <= losses["balance"].item() <= 0.5 * EXPERTS
        assert auxiliary_losses(mix) == {}
        (losses["balance"] + 0.0 * output.sum()).backward()
        assert all(block.router.score.weight.grad.abs().sum() > 0 for block in mix.blocks)


def test_recomputing_in_the_backward_pass_changes_no_gradient():
    gradients = []
    for again in (False, True):
        mix, x = encoder(gradient_checkpointing=again).train(), tokens().requires_grad_()
        (mix(x, padded_tail()).square().sum() + auxiliary_losses(mix)["balance"]).backward()
        gradients.append([x.grad, *(one.grad for one in mix.parameters())])
    torch.testing.assert_close(*gradients, rtol=0, atol=0)


def test_without_weight_in_evaluation_and_without_gradients_there_is_no_balance():
    for mix in (encoder(balance=0.0).train(), encoder().eval()):
        mix(tokens())
        assert auxiliary_losses(mix) == {}
    mix = encoder().train()
    with torch.no_grad():
        mix(tokens())
    assert auxiliary_losses(mix) == {}


@pytest.mark.parametrize("again", [False, True])
def test_it_can_be_copied_and_pickled_after_a_training_step(again):
    mix = encoder(gradient_checkpointing=again).train()
    mix(tokens()).sum().backward()
    mix(tokens())
    for twin in (copy.deepcopy(mix), pickle.loads(pickle.dumps(mix))):  # noqa: S301 - our own bytes
        assert auxiliary_losses(twin) == {}
        assert torch.equal(twin(tokens()), mix(tokens()))


def test_training_and_evaluation_agree():
    mix = encoder()
    assert torch.equal(mix.train()(tokens()), mix.eval()(tokens()))


def test_experts_are_built_from_the_settings_of_their_encoder():
    mix = encoder(experts=3, top_k=1, expert_config={"heads": 2, "depth": 3, "expansion": 1})
    assert [len(expert.blocks) for expert in mix.blocks[0].experts] == [3, 3, 3]
    assert [len(expert.blocks) for expert in encoder(expert_config=None).blocks[0].experts] == [1] * EXPERTS


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"depth": 0}, "depth must be at least 1"),
        ({"top_k": 0}, r"top_k in 1\.\.experts"),
        ({"experts": 2, "top_k": 3}, r"top_k in 1\.\.experts"),
        ({"balance": -0.1}, "not negative; got -0.1"),
        ({"balance": float("nan")}, "not negative; got nan"),
        ({"expert": "moe"}, "cannot be a mixture itself"),
        ({"expert": "tranformer"}, r"No encoder is named 'tranformer'\. Did you mean 'transformer'"),
        ({"expert_config": {"haeds": 2}}, r"haeds.*TransformerConfig knows \['depth', .*'heads'\]"),
        ({"expert_config": {"heads": 0}}, "heads.*at least 1"),
    ],
)
def test_impossible_settings_are_refused_with_what_to_do(settings, told):
    with pytest.raises(ConfigError, match=told):
        MoEConfig(**settings)
