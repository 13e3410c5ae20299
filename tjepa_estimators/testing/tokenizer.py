"""What every tokenizer of a plugin must keep: tokens on a grid, samples under numbers, settings that fit."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import torch

from tjepa_estimators.jepa.config import TokenizerConfig
from tjepa_estimators.testing.report import Check, Report, expect, run_checks

if TYPE_CHECKING:
    from torch import Tensor

    from tjepa_estimators.contracts import Samples, Tokenizer, Tokens

__all__ = ["TOKENIZER_CHECKS", "TokenizerSubject", "check_tokenizer"]

_DIM = 12
MakeSubject: TypeAlias = Callable[[], "TokenizerSubject"]


@dataclass(frozen=True, slots=True)
class TokenizerSubject:
    """A tokenizer that fits some items, and what it makes of them."""

    config: TokenizerConfig
    items: Sequence[object]

    def training(self) -> Samples:
        """What training draws from."""
        return self.config.settings().samples(self.items)

    def rows(self) -> Samples:
        """One sample for each item."""
        return self.config.settings().rows(self.items)

    def build(self) -> Tokenizer:
        """The tokenizer, with the same weights each time."""
        torch.manual_seed(0)
        return self.config.build(_DIM)

    def batch(self) -> Tensor:
        """Raw samples of a step of training."""
        samples = self.training()
        return samples.gather(samples.draw(0, min(4, len(samples)), 0))


def _tokens(subject: TokenizerSubject, raw: Tensor, context: Tensor | None = None) -> Tokens:
    with torch.no_grad():
        return subject.build()(raw, context=context)


def check_tokens_lie_on_the_grid(make: MakeSubject) -> None:
    """``grid(raw)`` counts tokens along each axis: their product is the number of tokens, positions have as many axes.

    Number the tokens with the last axis fastest; positions are floating-point coordinates, padding is boolean.
    """
    subject = make()
    raw = subject.batch()
    grid, tokens = subject.build().grid(raw), _tokens(subject, raw)
    shape = (len(raw), math.prod(grid))
    expect(tuple(tokens.values.shape) == (*shape, _DIM), f"On {grid}, values have the shape {tokens.values.shape}.")
    expect(tuple(tokens.positions.shape) == (*shape, len(grid)), f"Positions are {tokens.positions.shape} on {grid}.")
    expect(tuple(tokens.padding.shape) == shape, f"Padding is {tokens.padding.shape} on {grid}.")
    expect(tokens.padding.dtype == torch.bool, f"Padding is {tokens.padding.dtype}.")
    expect(tokens.positions.is_floating_point(), f"Positions are {tokens.positions.dtype}.")
    expect(bool(tokens.values.isfinite().all()), "Values of tokens are not finite.")


def check_tokens_have_places_of_their_own(make: MakeSubject) -> None:
    """No two tokens of a sample have the same position: a query must say which one it asks for.

    Give each axis of the grid its own coordinate.
    """
    subject = make()
    first = _tokens(subject, subject.batch()).positions[0]
    expect(len(first.unique(dim=0)) == len(first), "Two tokens of a sample have the same position.")


def check_context_may_be_named(make: MakeSubject) -> None:
    """Called with ``context``, the tokens that statistics may be taken from, all tokens are made all the same.

    The student's tokens are picked afterwards, by index; ignore ``context`` where there are no statistics.
    """
    subject = make()
    raw = subject.batch()
    half = torch.arange(math.prod(subject.build().grid(raw)) // 2 + 1).expand(len(raw), -1)
    shape, whole = _tokens(subject, raw, half).values.shape, _tokens(subject, raw).values.shape
    expect(shape == whole, f"With a context there are tokens of shape {tuple(shape)}, without {tuple(whole)}.")


def check_samples_are_read_by_number(make: MakeSubject) -> None:
    """``gather`` reads samples in the order asked; ``batches`` names each once.

    A sample may be padded to the longest of its batch, but not change.
    """
    samples = make().rows()
    numbers = torch.cat(list(samples.batches(3)))
    expect(sorted(numbers.tolist()) == list(range(len(samples))), "batches() does not name each sample once.")
    expect(max(map(len, samples.batches(3))) <= 3, "A batch is larger than asked.")
    index = max(samples.batches(3), key=len)
    there, back = samples.gather(index), samples.gather(index.flip(0))
    expect(torch.equal(there, back.flip(0)), "Samples do not come in the order of their numbers.")


def check_one_row_for_each_item(make: MakeSubject) -> None:
    """``rows(items)`` gives as many samples as there are items: what is embedded must be told apart.

    Cut what is too long, or pool it, but leave nothing out; what cannot be read is a DataError.
    """
    subject = make()
    expect(len(subject.rows()) == len(subject.items), f"{len(subject.items)} items gave {len(subject.rows())} rows.")


def check_batches_are_a_pure_function(make: MakeSubject) -> None:
    """``draw(step, batch_size, seed)`` depends on its arguments alone, so that a stopped training goes on as it would.

    Draw from a generator made of seed and step (:func:`tjepa_estimators.data.windows.batch_indices` does).
    """
    samples, twin = make().training(), make().training()
    size = min(4, len(samples))
    late = samples.draw(7, size, 3)
    samples.draw(0, size, 3)
    expect(torch.equal(late, twin.draw(7, size, 3)), "A step drawn twice gives different samples.")
    expect(len(late) == size, f"{size} samples were asked for and {len(late)} drawn.")
    expect(int(late.min()) >= 0 and int(late.max()) < len(samples), "Numbers are drawn that no sample has.")


def check_fitting_again_changes_nothing(make: MakeSubject) -> None:
    """Settings that are complete stay as they are: what goes on from an artifact must read as it did.

    ``fit_to`` fills in what is None and leaves the rest.
    """
    subject = make()
    expect(subject.config.fit_to(subject.items[:2]) == subject.config, "Fitted settings were fitted again.")


def check_digest_tells_data_apart(make: MakeSubject) -> None:
    """``digest()`` is the same for the same items and another one for others: a stopped run goes on with it alone.

    Hash what the samples are made of.
    """
    subject = make()
    fewer = TokenizerSubject(subject.config, subject.items[:-1])
    expect(subject.training().digest() == make().training().digest(), "The same items have two digests.")
    expect(subject.training().digest() != fewer.training().digest(), "Other items have the same digest.")


TOKENIZER_CHECKS: tuple[Check, ...] = (
    check_tokens_lie_on_the_grid,
    check_tokens_have_places_of_their_own,
    check_context_may_be_named,
    check_samples_are_read_by_number,
    check_one_row_for_each_item,
    check_batches_are_a_pure_function,
    check_fitting_again_changes_nothing,
    check_digest_tells_data_apart,
)
"""All checks of a tokenizer; each is called as ``check(make)``."""


def check_tokenizer(
    kind: str,
    items: Sequence[Any],
    options: Mapping[str, Any] | None = None,
    expected_failures: Mapping[str, str] | None = None,
) -> Report:
    """Run all checks on a registered tokenizer.

    Parameters
    ----------
    kind
        Its registered name.
    items
        At least three items that it reads.
    options
        Settings that do not follow from the items.
    expected_failures
        Names of checks that are known to fail, each with the reason; one that passes is a failure.

    Returns
    -------
    What each check found.

    Raises
    ------
    ConformanceError
        If a check failed; the message says for each how to keep its law.
    PluginError
        If no installed distribution brings the tokenizer.
    """
    config = TokenizerConfig(kind=kind, options=dict(options or {})).fit_to(items)
    report = run_checks(TOKENIZER_CHECKS, lambda: TokenizerSubject(config, items), expected_failures)
    report.raise_for_failures()
    return report
