"""Seeds hold within their block, and nothing leaks out of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from tjepa_estimators.nn.randomness import scoped_seed


def draws(seed):
    with scoped_seed(seed):
        return torch.cat([torch.rand(100) for _ in range(50)])


def test_the_same_seed_draws_the_same_numbers():
    assert torch.equal(draws(3), draws(3))
    assert not torch.equal(draws(3), draws(4))


def test_the_caller_draws_what_it_would_have_drawn_anyway():
    torch.manual_seed(0)
    expected = torch.rand(5)
    torch.manual_seed(0)
    draws(7)
    assert torch.equal(torch.rand(5), expected)


def test_the_generator_is_put_back_after_an_error():
    before = torch.get_rng_state()
    with pytest.raises(RuntimeError, match=r"invalid|negative"), scoped_seed(1):
        torch.rand(3) + torch.rand(-1)
    assert torch.equal(torch.get_rng_state(), before)


def test_scopes_nest():
    with scoped_seed(0):
        whole = torch.rand(2)
    with scoped_seed(0):
        first = torch.rand(1)
        draws(5)
        second = torch.rand(1)
    assert torch.equal(torch.cat([first, second]), whole)


def test_threads_do_not_disturb_each_other():
    alone = [draws(seed) for seed in range(8)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(draws, range(8)))
    assert all(torch.equal(one, other) for one, other in zip(alone, together, strict=True))
