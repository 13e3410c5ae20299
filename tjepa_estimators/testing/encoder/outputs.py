"""Checks of what an encoder gives: shapes, who informs whom, and that nothing else matters."""

from __future__ import annotations

import torch
from einops import rearrange

from tjepa_estimators.nn.backbone import Backbone
from tjepa_estimators.nn.tokens import PatchTokenizer
from tjepa_estimators.testing.encoder.making import DIM, MakeEncoder, assert_close, build, noise
from tjepa_estimators.testing.report import Check, expect

__all__ = ["OUTPUT_CHECKS"]


@torch.no_grad()
def check_shape(make: MakeEncoder) -> None:
    """The output has the shape and the type of the input.

    Keep ``(batch, tokens, dim)``: pooling and heads are not the encoder's business. Convert back where a layer
    computes in another precision.
    """
    x = noise(3, 5, DIM)
    given = build(make)(x)
    expect(given.shape == x.shape, f"The output of shape {tuple(x.shape)} has shape {tuple(given.shape)}.")
    expect(given.dtype == x.dtype, f"The output of {x.dtype} is {given.dtype}.")


@torch.no_grad()
def check_any_token_count(make: MakeEncoder) -> None:
    """Any number of tokens works, from one up, in a batch of one too.

    The student sees only the tokens that are not hidden, and users choose windows and patches: derive nothing
    from a fixed length, pad inside the encoder where a layer needs a multiple of something, and do not
    ``squeeze()`` axes that may be 1.
    """
    encoder = build(make)
    for tokens in (1, 2, 3, 17, 64):
        x = noise(1, tokens, DIM)
        given = encoder(x)
        expect(given.shape == x.shape, f"{tokens} tokens in, but the output has shape {tuple(given.shape)}.")
        expect(bool(given.isfinite().all()), f"The output for {tokens} tokens is not finite.")


def check_rows_are_independent(make: MakeEncoder) -> None:
    """A row of the batch depends on no other row, in evaluation as in training.

    Normalise over the features of a token (LayerNorm, RMSNorm), never over the batch, and keep no state from one
    call to the next.
    """
    encoder, x = build(make), noise(4, 6, DIM).requires_grad_()
    with torch.no_grad():
        together, alone = encoder(x), torch.cat([encoder(row) for row in x.split(1)])
    assert_close(together, alone, "Rows differ when they are encoded one by one.")
    first = encoder.train()(x)[0]
    (gradient,) = torch.autograd.grad((first * noise(6, DIM, seed=1)).sum(), x)
    expect(not gradient[1:].any(), "In training, the output of the first row depends on the other rows.")


@torch.no_grad()
def check_tokens_inform_each_other(make: MakeEncoder) -> None:
    """Changing a token changes the output at others.

    An encoder mixes tokens; one that treats each by itself cannot tell what a hidden token must have been. Look
    for a mixing layer whose output is dropped, or initialised such that it stays zero.
    """
    encoder, x = build(make), noise(2, 8, DIM)
    changed = torch.cat([noise(2, 1, DIM, seed=1), x[:, 1:]], dim=1)
    difference = (encoder(x) - encoder(changed))[:, 1:].abs().max().item()
    expect(difference > 1e-5, f"Changing the first token changes no other by more than {difference:.1e}.")


@torch.no_grad()
def check_order_matters(make: MakeEncoder) -> None:
    """A window whose patches change places has another mean latent.

    The tokenizer adds positions to the tokens before the encoder sees them. If they have no effect, the encoder
    drops them: look for an output that is linear in each token, or constant.
    """
    encoder = build(make)
    backbone = Backbone(PatchTokenizer(DIM, patch_length=4), encoder).eval()
    patches = noise(4, 12, 4)
    order = torch.randperm(12, generator=torch.Generator().manual_seed(0))
    windows = (patches, patches[:, order])
    window, permuted = (rearrange(part, "batch tokens patch -> batch (tokens patch)") for part in windows)
    difference = (backbone.pooled(window) - backbone.pooled(permuted)).abs().max().item()
    expect(difference > 1e-5, f"Permuting the patches changes the mean latent by no more than {difference:.1e}.")


@torch.no_grad()
def check_eval_is_deterministic(make: MakeEncoder) -> None:
    """In evaluation mode, the same input gives the same output.

    Draw random numbers in training mode only (``if self.training``); draw random features once, and keep them in
    a buffer.
    """
    encoder, x = build(make), noise(2, 7, DIM)
    expect(torch.equal(encoder(x), encoder(x)), "Two calls in evaluation mode differ.")


@torch.no_grad()
def check_seed_decides_the_weights(make: MakeEncoder) -> None:
    """The same seed gives the same encoder.

    Draw initial weights from torch's global generator, which is seeded around the construction, or from a fixed
    seed; never from numpy's or Python's generators, the time, or the order of a set.
    """
    one, two = build(make, seed=3).state_dict(), build(make, seed=3).state_dict()
    different = [name for name in one if not torch.equal(one[name], two[name])]
    expect(not different, f"Made twice from one seed, the encoder differs in {different}.")


@torch.no_grad()
def check_input_is_left_alone(make: MakeEncoder) -> None:
    """The encoder does not write into its input.

    The caller uses the tokens again. Replace ``x += y`` and ``x[mask] = 0`` on the input by ``x = x + y`` and
    ``x.masked_fill(...)``.
    """
    x, padding = noise(2, 6, DIM), torch.zeros(2, 6, dtype=torch.bool)
    padding[:, 4:] = True
    given, given_padding = x.clone(), padding.clone()
    build(make)(given, given_padding)
    expect(torch.equal(given, x) and torch.equal(given_padding, padding), "The encoder changed its input.")


@torch.no_grad()
def check_memory_layout_is_free(make: MakeEncoder) -> None:
    """How the input lies in memory does not matter.

    Use ``reshape`` rather than ``view``, and hand ``x.contiguous()`` to kernels that read memory directly.
    """
    encoder, x = build(make), noise(3, 7, DIM)
    assert_close(encoder(x.mT.contiguous().mT), encoder(x), "A transposed copy of the input gives another output.")


OUTPUT_CHECKS: tuple[Check, ...] = (
    check_shape,
    check_any_token_count,
    check_rows_are_independent,
    check_tokens_inform_each_other,
    check_order_matters,
    check_eval_is_deterministic,
    check_seed_decides_the_weights,
    check_input_is_left_alone,
    check_memory_layout_is_free,
)
