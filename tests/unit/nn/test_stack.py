"""Blocks with and without recomputation."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tjepa_estimators.nn.stack import run_blocks


class Counted(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.full((), 0.5))
        self.calls = 0

    def forward(self, x, shift):
        self.calls += 1
        return torch.tanh(x * self.weight + shift)


def gradients(checkpoint):
    blocks = nn.ModuleList(Counted() for _ in range(3))
    x = torch.linspace(-1, 1, 6).reshape(1, 3, 2).requires_grad_()
    run_blocks(blocks, x, 0.1, checkpoint=checkpoint).sum().backward()
    return [x.grad, *(block.weight.grad for block in blocks)], [block.calls for block in blocks]


def test_recomputing_changes_no_gradient_and_runs_each_block_twice():
    kept, calls = gradients(checkpoint=False)
    recomputed, again = gradients(checkpoint=True)
    torch.testing.assert_close(recomputed, kept, rtol=0, atol=0)
    assert (calls, again) == ([1, 1, 1], [2, 2, 2])


@pytest.mark.parametrize("checkpoint", [False, True])
def test_without_gradients_nothing_is_recomputed(checkpoint):
    block = Counted()
    with torch.no_grad():
        run_blocks([block], torch.ones(1, 1, 1), 0.0, checkpoint=checkpoint)
    assert block.calls == 1
