"""A sound tokenizer and its domain pass, and each check fails where its law is broken."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests import grids
from tjepa_estimators import load_domain
from tjepa_estimators.commands.check import _by_name
from tjepa_estimators.errors import ConfigError
from tjepa_estimators.testing import (
    SAMPLE_DOMAIN_CHECKS,
    TOKENIZER_CHECKS,
    ConformanceError,
    check_domain,
    check_masker,
    check_tokenizer,
    run_checks,
)

ITEMS = np.random.default_rng(0).standard_normal((7, 4, 3))


@pytest.fixture(autouse=True)
def _installed(monkeypatch):
    grids.install(monkeypatch)


def failed(checks, make):
    return [outcome.check for outcome in run_checks(checks, make).failed]


def test_a_sound_tokenizer_passes():
    assert check_tokenizer("grid", ITEMS).summary == f"{len(TOKENIZER_CHECKS)} passed"


def test_a_sound_domain_of_samples_passes():
    assert check_domain(grids.Squares).summary == "7 passed, 1 skipped"


def test_a_masker_on_grids_passes():
    assert check_masker(grids.HideColumn).summary == "7 passed"


def refit(self, items):
    return type(self)(width=len(items))


def step_by_clock(self, step, batch_size, seed):
    return torch.randint(len(self), (batch_size,))


def other_order(self, index):
    return self.values[index.sort().values]


def one_axis(self, raw):
    return (raw[0].numel(),)


def same_place(self, raw, context=None):
    tokens = SOUND_FORWARD(self, raw)
    return type(tokens)(tokens.values, torch.zeros_like(tokens.positions), tokens.padding)


def only_context(self, raw, context=None):
    tokens = SOUND_FORWARD(self, raw)
    return tokens if context is None else type(tokens)(*(part[:, :2] for part in _parts(tokens)))


def _parts(tokens):
    return tokens.values, tokens.positions, tokens.padding


SOUND_FORWARD = grids.GridTokenizer.forward


@pytest.mark.parametrize(
    ("owner", "name", "broken", "check"),
    [
        (grids.GridTokenizer, "grid", one_axis, "check_tokens_lie_on_the_grid"),
        (grids.GridTokenizer, "forward", same_place, "check_tokens_have_places_of_their_own"),
        (grids.GridTokenizer, "forward", only_context, "check_context_may_be_named"),
        (grids.Cells, "gather", other_order, "check_samples_are_read_by_number"),
        (grids.Cells, "batches", lambda self, size: [torch.arange(2)], "check_samples_are_read_by_number"),
        (grids.GridConfig, "rows", lambda self, items: grids.Cells(items[1:]), "check_one_row_for_each_item"),
        (grids.Cells, "draw", step_by_clock, "check_batches_are_a_pure_function"),
        (grids.GridConfig, "fit_to", refit, "check_fitting_again_changes_nothing"),
        (grids.Cells, "digest", lambda self: "same", "check_digest_tells_data_apart"),
    ],
)
def test_a_broken_tokenizer_fails_the_check_of_its_law(monkeypatch, owner, name, broken, check):
    monkeypatch.setattr(owner, name, broken)
    with pytest.raises(ConformanceError, match=check):
        check_tokenizer("grid", ITEMS)
    assert "check_tokenizer_keeps_its_contract" in failed(SAMPLE_DOMAIN_CHECKS, grids.Squares)


@pytest.mark.parametrize(
    ("name", "broken", "check"),
    [
        ("items", lambda self, split="all": list(ITEMS), "check_items_split_into_train_and_test"),
        ("items", lambda self, split="all": list(ITEMS), "check_unknown_split_is_refused"),
        ("items", lambda self, split="all": list(np.random.standard_normal((5, 4, 3))), "check_opens_the_same_twice"),  # noqa: NPY002
        ("sample", lambda self: [], "check_sample_needs_no_network"),
        ("preset", "no-such-preset", "check_preset_pretrains_on_its_sample"),
    ],
)
def test_a_broken_domain_fails_the_check_of_its_law(monkeypatch, name, broken, check):
    monkeypatch.setattr(grids.Squares, name, broken)
    assert check in failed(SAMPLE_DOMAIN_CHECKS, grids.Squares)


def test_a_masker_that_takes_any_grid_too_small_fails(monkeypatch):
    class Careless(grids.HideColumn):
        def on(self, grid):
            if len(grid) != 2:
                raise ConfigError("two axes")
            tokens = torch.arange(grid[0] * grid[1])
            return lambda n, batch, generator: grids.Masks(tokens.expand(batch, -1), tokens[:1].expand(batch, 1, 1))

    with pytest.raises(ConformanceError, match=r"check_too_few_tokens_are_refused(.|\n)*accepted"):
        check_masker(Careless)


def test_the_command_finds_the_checks_of_a_domain_of_samples_and_of_a_masker():
    checks, make = _by_name("squares")
    assert checks is SAMPLE_DOMAIN_CHECKS
    assert make().info == load_domain("squares").info
    checks, make = _by_name("column")
    assert failed(checks, make) == []
