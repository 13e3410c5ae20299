"""What every masker must keep: index sets that fit the batch, drawn from the given generator alone."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TypeAlias

import numpy as np
import torch

from tjepa_estimators.contracts import GridMasker, Masker, Masks
from tjepa_estimators.errors import ConfigError
from tjepa_estimators.testing.report import Check, Report, expect, run_checks

__all__ = ["MASKER_CHECKS", "check_masker"]

MakeMasker: TypeAlias = Callable[[], Masker | GridMasker]

_SMALLEST = 16
"""A masker must cope with sequences as short as this."""
_GRIDS = (
    (2,), (3,), (16,), (2, 2), (3, 5), (4, 4), (8, 5), (14, 14), (2, 2, 2), (2, 4, 4), (4, 3, 5), (8, 4, 4),
)  # fmt: skip
"""Grids of one, two and three axes; a masker on grids must accept one of 16 tokens or fewer."""


def _draw(masker: Masker, tokens: int, batch: int = 3, seed: int = 0) -> Masks:
    return masker(tokens, batch, torch.Generator().manual_seed(seed))


def _draw_on(masker: GridMasker, grid: tuple[int, ...]) -> Masks:
    return _draw(masker.on(grid), math.prod(grid))


def _smallest(masker: Masker) -> int:
    """The fewest tokens that the masker accepts."""
    for tokens in range(2, _SMALLEST + 1):
        try:
            _draw(masker, tokens)
        except ConfigError:
            continue
        return tokens
    raise AssertionError(f"No sequence of up to {_SMALLEST} tokens is accepted.")


def _grids(masker: GridMasker) -> list[tuple[int, ...]]:
    """The grids that the masker accepts."""
    accepted: list[tuple[int, ...]] = []
    for grid in _GRIDS:
        try:
            _draw_on(masker, grid)
        except ConfigError:
            continue
        accepted.append(grid)
    few = [grid for grid in accepted if math.prod(grid) <= _SMALLEST]
    expect(bool(few), f"Of the grids {_GRIDS}, none of up to {_SMALLEST} tokens is accepted.")
    return accepted


def _cases(make: MakeMasker) -> list[tuple[Masker, int]]:
    """Maskers with numbers of tokens, from the smallest supported one up."""
    masker = make()
    if isinstance(masker, GridMasker):
        return [(masker.on(grid), math.prod(grid)) for grid in _grids(masker)]
    smallest = _smallest(masker)
    return [(masker, tokens) for tokens in (*range(smallest, smallest + 10), 40, 129)]


def _examples(make: MakeMasker) -> Iterator[tuple[int, int, Masks]]:
    """All cases, with batches of one and more and several seeds."""
    for masker, tokens in _cases(make):
        for batch, seed in ((1, 0), (5, 1), (5, 2)):
            yield tokens, batch, _draw(masker, tokens, batch, seed)


def check_shapes(make: MakeMasker) -> None:
    """Masks hold int64 indices: ``context`` (batch, visible) and ``targets`` (batch, blocks, hidden).

    All rows need equally many visible tokens: cut longer ones at random. One block still needs its axis:
    ``targets.unsqueeze(1)``.
    """
    for tokens, batch, masks in _examples(make):
        shapes = (
            f"Masks of {batch} rows of {tokens} tokens: {tuple(masks.context.shape)}, {tuple(masks.targets.shape)}."
        )
        expect((masks.context.dim(), masks.targets.dim()) == (2, 3), shapes)
        expect(len(masks.context) == len(masks.targets) == batch, shapes)
        expect(masks.context.dtype == masks.targets.dtype == torch.int64, "Indices are not int64.")


def check_something_is_visible_and_something_hidden(make: MakeMasker) -> None:
    """From the smallest supported token count up, at least one token is visible and at least one hidden.

    Round shares to whole tokens, then clamp to ``1 .. tokens - 1``.
    """
    for tokens, _, masks in _examples(make):
        message = f"Of {tokens} tokens, {masks.context.shape[1]} are visible and {masks.targets[0].numel()} hidden."
        expect(masks.context.shape[1] >= 1 and masks.targets[0].numel() >= 1, message)


def check_indices_are_in_range(make: MakeMasker) -> None:
    """Indices lie in ``0 .. tokens - 1``, and no token is visible twice.

    ``torch.randint`` excludes its upper end; draw without replacement (``argsort`` of random numbers).
    """
    for tokens, _, masks in _examples(make):
        for index in (masks.context, masks.targets):
            low, high = int(index.min()), int(index.max())
            expect(low >= 0 and high < tokens, f"Indices {low} to {high} for {tokens} tokens.")
        for row in masks.context:
            expect(len(row.unique()) == len(row), f"A token is visible twice: {row.tolist()}.")


def check_targets_are_hidden(make: MakeMasker) -> None:
    """No token is visible and to be predicted at once.

    Take the context from what *no* block covers; otherwise the task is to copy.
    """
    for tokens, _, masks in _examples(make):
        visible = torch.zeros(len(masks.context), tokens).scatter_(1, masks.context, 1.0)
        shown = visible.gather(1, masks.targets.flatten(1)).any()
        expect(not shown, f"With {tokens} tokens, a token to predict is visible.")


def check_generator_decides_everything(make: MakeMasker) -> None:
    """Masks are a pure function of the generator: the same state gives the same masks, whatever was drawn before.

    Hand ``generator=generator`` to every random function, and keep no counter and no cache.
    """
    (masker, tokens), (twin, _) = _cases(make)[-1], _cases(make)[-1]
    first = _draw(masker, tokens, seed=5)
    for again in (_draw(masker, tokens, seed=5), _draw(twin, tokens, seed=5)):
        same = torch.equal(first.context, again.context) and torch.equal(first.targets, again.targets)
        expect(same, "Masks drawn twice from the same state of the generator differ.")


def check_global_random_state_is_untouched(make: MakeMasker) -> None:
    """The random states of torch, numpy and Python stay as they are.

    Draw from the given generator only, and seed nothing.
    """
    masker, tokens = _cases(make)[-1]
    torch_before, numpy_before, python_before = torch.get_rng_state(), np.random.get_state(), random.getstate()  # noqa: NPY002
    _draw(masker, tokens)
    expect(torch.equal(torch_before, torch.get_rng_state()), "The masker drew from torch's global generator.")
    expect(repr(numpy_before) == repr(np.random.get_state()), "The masker drew from numpy's.")  # noqa: NPY002
    expect(python_before == random.getstate(), "The masker drew from Python's generator.")


def check_too_few_tokens_are_refused(make: MakeMasker) -> None:
    """One token, which cannot be seen and predicted at once, is a ConfigError; so is every count that is too small.

    Say how many tokens are needed, and to lengthen the window or shorten the patches.
    """
    masker = make()
    if isinstance(masker, GridMasker):
        draws = [partial(_draw_on, masker, (1,) * axes) for axes in {len(grid) for grid in _grids(masker)}]
    else:
        draws = [partial(_draw, masker, tokens) for tokens in range(1, _smallest(masker))]
    for draw in draws:
        try:
            draw()
        except ConfigError:
            continue
        raise AssertionError(f"{draw.args[-1]} tokens are accepted.")


MASKER_CHECKS: tuple[Check, ...] = (
    check_shapes,
    check_something_is_visible_and_something_hidden,
    check_indices_are_in_range,
    check_targets_are_hidden,
    check_generator_decides_everything,
    check_global_random_state_is_untouched,
    check_too_few_tokens_are_refused,
)
"""All checks of a masker; each is called as ``check(make)``."""


def check_masker(make: MakeMasker, expected_failures: Mapping[str, str] | None = None) -> Report:
    """Run all checks on a masker.

    Parameters
    ----------
    make
        A function without arguments, or a class, that returns the masker; one that needs a grid is tried on several.
    expected_failures
        Names of checks that are known to fail, each with the reason; one that passes is a failure.

    Returns
    -------
    What each check found.

    Raises
    ------
    ConformanceError
        If a check failed; the message says for each how to keep its law.

    Examples
    --------
    >>> from tjepa_estimators.jepa.masking import BlockMasker
    >>> check_masker(lambda: BlockMasker(blocks=2)).summary
    '7 passed'
    """
    report = run_checks(MASKER_CHECKS, make, expected_failures)
    report.raise_for_failures()
    return report
