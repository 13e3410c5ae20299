"""Checks that padded tokens influence nothing: the rule that breaks silently."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from tjepa_estimators.testing.encoder.making import DIM, MakeEncoder, assert_close, build, noise
from tjepa_estimators.testing.report import Check, expect

if TYPE_CHECKING:
    from jaxtyping import Bool
    from torch import Tensor

__all__ = ["PADDING_CHECKS"]

TOKENS = 9


def _scattered() -> Bool[Tensor, "batch tokens"]:
    """Padding at the start, at the end, in the middle, and none, each in one row."""
    padding = torch.zeros(4, TOKENS, dtype=torch.bool)
    padding[0, :3] = padding[1, 6:] = padding[2, 4] = True
    return padding


@torch.no_grad()
def check_padded_values_have_no_effect(make: MakeEncoder) -> None:
    """What stands in a padded token does not matter: not large numbers, infinities nor NaN.

    Fill padded tokens with zeros first: ``x = x.masked_fill(padding.unsqueeze(-1), 0.0)``; multiplying by a mask
    keeps NaN. Then keep them out of each mixing layer: mask attention, and zero what a convolution or a recurrence
    reads, as biases and normalisation make padded tokens differ from zero again.
    """
    encoder, x, padding = build(make), noise(4, TOKENS, DIM), _scattered()
    wanted = encoder(x, padding)
    for value in (1e4, float("inf"), float("nan")):
        given = encoder(x.masked_fill(padding.unsqueeze(-1), value), padding)
        assert_close(given[~padding], wanted[~padding], f"Padded tokens that hold {value} change other tokens.")
        expect(bool(given.isfinite().all()), f"Where padded tokens hold {value}, the output is not finite.")


@torch.no_grad()
def check_padding_equals_a_shorter_sequence(make: MakeEncoder) -> None:
    """A sequence padded at either end gives what it gives without the padding.

    Masking the values is not enough: also keep padded tokens from moving the state of a recurrence (its step, not
    only its input, must vanish), from counting in means, and from shifting positions of your own. The tokenizer
    pads at the start.
    """
    encoder, x = build(make), noise(2, TOKENS, DIM)
    wanted = encoder(x)
    expect_none = torch.zeros(2, TOKENS, dtype=torch.bool)
    assert_close(encoder(x, expect_none), wanted, "A mask without any padding changes the output.")
    for number in (1, 4):
        filler, mask = noise(2, number, DIM, seed=1), torch.ones(2, number, dtype=torch.bool)
        end = encoder(torch.cat([x, filler], 1), torch.cat([expect_none, mask], 1))[:, :TOKENS]
        assert_close(end, wanted, f"{number} padded tokens at the end change the others.")
        start = encoder(torch.cat([filler, x], 1), torch.cat([mask, expect_none], 1))[:, number:]
        assert_close(start, wanted, f"{number} padded tokens at the start change the others.")


@torch.no_grad()
def check_rows_of_padding_stay_finite(make: MakeEncoder) -> None:
    """A row of nothing but padding gives finite numbers and leaves the other rows alone.

    A softmax over no token and a mean of no token are NaN: let such a row attend to itself, and clamp counts to at
    least 1.
    """
    encoder, x = build(make), noise(3, TOKENS, DIM)
    padding = torch.zeros(3, TOKENS, dtype=torch.bool)
    padding[1] = True
    given = encoder(x, padding)
    expect(bool(given.isfinite().all()), "A row of nothing but padding gives NaN or infinity.")
    assert_close(given[[0, 2]], encoder(x[[0, 2]]), "A row of nothing but padding changes other rows.")


def check_padding_spoils_no_gradient(make: MakeEncoder) -> None:
    """NaN in padded tokens reaches no gradient, and padded tokens get none.

    Select with ``masked_fill`` or ``torch.where`` *before* any arithmetic: a NaN that is masked only afterwards comes
    back in the backward pass as zero times NaN.
    """
    encoder, padding = build(make).train(), _scattered()
    x = noise(4, TOKENS, DIM).masked_fill(padding.unsqueeze(-1), float("nan")).requires_grad_()
    (encoder(x, padding)[~padding] * noise(int((~padding).sum()), DIM, seed=1)).sum().backward()
    expect(x.grad is not None and not x.grad[padding].any(), "A padded token gets a gradient, so it has an effect.")
    gradients = {name: weight.grad for name, weight in encoder.named_parameters() if weight.grad is not None}
    spoilt = [name for name, gradient in gradients.items() if not gradient.isfinite().all()]
    expect(not spoilt, f"With NaN in padded tokens the gradient is not finite in {spoilt}.")


PADDING_CHECKS: tuple[Check, ...] = (
    check_padded_values_have_no_effect,
    check_padding_equals_a_shorter_sequence,
    check_rows_of_padding_stay_finite,
    check_padding_spoils_no_gradient,
)
