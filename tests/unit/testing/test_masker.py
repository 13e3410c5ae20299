"""Built-in maskers pass, and each check fails on a masker that breaks its law."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch

from tjepa_estimators.contracts import Masks
from tjepa_estimators.errors import ConfigError
from tjepa_estimators.jepa.config import PRESETS
from tjepa_estimators.jepa.masking import BlockMasker, FutureMasker, RandomMasker
from tjepa_estimators.testing import MASKER_CHECKS, ConformanceError, check_masker
from tjepa_estimators.testing import masker as checks

BUILT_IN = {
    "random": RandomMasker,
    "block": BlockMasker,
    "future": FutureMasker,
    "many blocks": lambda: BlockMasker(blocks=9, length=0.1),
    "nearly all": lambda: RandomMasker(ratio=0.99),
    **{name: preset.jepa.masker for name, preset in PRESETS.items()},
}


@pytest.mark.parametrize("check", MASKER_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_masker_passes(name, check):
    check(BUILT_IN[name])


def from_order(change):
    """A masker that hides the last half of a random order, with ``change(tokens, order, generator)`` applied first."""

    def masker(tokens, batch, generator):
        if tokens < 2:
            raise ConfigError("Give at least 2 tokens.")
        order = torch.rand(batch, tokens, generator=generator).argsort(dim=1)
        context, targets = change(order[:, : tokens // 2], order[:, tokens // 2 :], generator)
        return Masks(context=context, targets=targets.unsqueeze(1))

    return lambda: masker


def draw_from(draw):
    def change(context, targets, generator):
        draw()
        return context, targets

    return from_order(change)


def shuffled(context):
    return context[:, torch.randperm(context.shape[1])]


def growing():
    """Hides one token more with each call."""
    calls = []

    def masker(tokens, batch, generator):
        calls.append(1)
        rows = torch.arange(tokens).repeat(batch, 1)
        hidden = min(len(calls), tokens - 1)
        return Masks(rows[:, hidden:], rows[:, :hidden].unsqueeze(1))

    return masker


def greedy():
    """Takes one token too: nothing is visible then."""

    def masker(tokens, batch, generator):
        rows = torch.arange(tokens).repeat(batch, 1)
        return Masks(rows[:, : tokens // 2], rows[:, tokens // 2 :].unsqueeze(1))

    return masker


something = checks.check_something_is_visible_and_something_hidden
BROKEN = [
    (checks.check_shapes, from_order(lambda c, t, g: (c, t[:, :, None])), "Masks of"),
    (checks.check_shapes, from_order(lambda c, t, g: (c.int(), t)), "int64"),
    (something, from_order(lambda c, t, g: (c[:, :0], t)), "0 are visible"),
    (something, from_order(lambda c, t, g: (c, t[:, :0])), "0 hidden"),
    (checks.check_indices_are_in_range, from_order(lambda c, t, g: (c, t + 1)), "Indices"),
    (checks.check_indices_are_in_range, from_order(lambda c, t, g: (c - 1, t)), "Indices -1"),
    (checks.check_indices_are_in_range, from_order(lambda c, t, g: (c[:, :1].expand_as(c), t)), "visible twice"),
    (checks.check_targets_are_hidden, from_order(lambda c, t, g: (c, c)), "to predict is visible"),
    (checks.check_generator_decides_everything, growing, "differ"),
    (checks.check_generator_decides_everything, from_order(lambda c, t, g: (shuffled(c), t)), "differ"),
    (checks.check_global_random_state_is_untouched, draw_from(lambda: torch.rand(1)), "torch's"),
    (checks.check_global_random_state_is_untouched, draw_from(lambda: np.random.rand(1)), "numpy's"),  # noqa: NPY002
    (checks.check_global_random_state_is_untouched, draw_from(random.random), "Python's"),
    (checks.check_too_few_tokens_are_refused, greedy, "1 tokens are accepted"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "make", "told"), BROKEN)
def test_a_check_fails_on_a_masker_that_breaks_its_law(check, make, told):
    with pytest.raises(AssertionError, match=told):
        check(make)


def test_every_check_can_fail():
    assert {check for check, _, _ in BROKEN} == set(MASKER_CHECKS)


def test_all_checks_are_run_together():
    assert check_masker(RandomMasker).summary == f"{len(MASKER_CHECKS)} passed"
    with pytest.raises(ConformanceError, match="check_targets_are_hidden"):
        check_masker(from_order(lambda c, t, g: (c, c)))
