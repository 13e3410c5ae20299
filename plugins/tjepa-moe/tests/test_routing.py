"""Laws of routing and of its balance."""

from __future__ import annotations

import pytest
import torch
from tjepa_moe.routing import Router, Routing, expert_use, load_balance

DIM, EXPERTS = 8, 4


def router(top_k=2, seed=0):
    torch.manual_seed(seed)
    return Router(DIM, EXPERTS, top_k)


def tokens(batch=16, count=5):
    return torch.randn(batch, count, DIM, generator=torch.Generator().manual_seed(0))


def everything(x):
    return torch.ones(x.shape[:2], dtype=torch.bool)


def routed(probabilities, top_k=1):
    weights, chosen = probabilities.topk(top_k, dim=1)
    return Routing(probabilities, chosen, weights)


@pytest.mark.parametrize("top_k", [2, 3, EXPERTS])
def test_weights_are_a_softmax_over_the_chosen_experts(top_k):
    choose, x = router(top_k), tokens()
    routing = choose(x, everything(x))
    best = choose.score(x.mean(dim=1)).topk(top_k, dim=1)
    assert torch.equal(routing.chosen, best.indices)
    torch.testing.assert_close(routing.weights, best.values.softmax(dim=1))


def test_a_single_choice_is_weighted_by_its_probability_so_that_the_router_learns():
    choose, x = router(top_k=1), tokens()
    routing = choose(x, everything(x))
    torch.testing.assert_close(routing.weights, routing.probabilities.amax(dim=1, keepdim=True))
    routing.weights.sum().backward()
    assert choose.score.weight.grad.abs().sum() > 0


def test_tokens_out_of_sight_have_no_say():
    choose, x = router(), tokens()
    visible = everything(x)
    visible[:, 3:] = False
    assert torch.equal(choose(x, visible).probabilities, choose(x * visible[..., None], visible).probabilities)
    torch.testing.assert_close(choose(x, visible).probabilities, choose(x[:, :3], visible[:, :3]).probabilities)
    assert not torch.allclose(choose(x, visible).probabilities, choose(x, everything(x)).probabilities)


def test_autocast_does_not_round_the_choice():
    choose, x = router(), tokens()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = choose(x, everything(x)).probabilities
    assert torch.equal(inside, choose(x, everything(x)).probabilities)


def test_use_adds_up_to_one():
    routing = routed(torch.rand(7, EXPERTS, generator=torch.Generator().manual_seed(0)), top_k=3)
    assert expert_use(routing).sum().item() == pytest.approx(1.0)


def test_balance_is_one_where_all_experts_are_used_alike_and_their_number_where_one_is_used_alone():
    alike = routed(0.25 + 0.01 * torch.eye(EXPERTS))
    alone = routed(torch.tensor([[1.0, 0.0, 0.0, 0.0]] * 4))
    assert load_balance(alike).item() == pytest.approx(1.0, abs=0.02)
    assert load_balance(alone).item() == EXPERTS


@pytest.mark.parametrize("top_k", [1, 2])
def test_following_its_slope_brings_a_router_that_favours_an_expert_to_use_all(top_k):
    scores = torch.randn(64, EXPERTS, generator=torch.Generator().manual_seed(0)) + torch.tensor([5.0, 0.0, 0.0, 0.0])
    shift = torch.zeros(EXPERTS, requires_grad=True)
    before = expert_use(routed(scores.softmax(dim=1), top_k))
    for _ in range(200):
        (slope,) = torch.autograd.grad(load_balance(routed((scores + shift).softmax(dim=1), top_k)), shift)
        shift = (shift - slope).detach().requires_grad_()
    after = expert_use(routed((scores + shift).softmax(dim=1), top_k))
    assert before.max() == 1 / top_k
    assert after.min() > 0.5 / EXPERTS
