"""The state-space dual of Mamba-2: a selective scan with one decay per head, as matrix products over chunks.

Source: Dao & Gu, "Transformers are SSMs" (arXiv 2405.21060), section 6. The recurrence of a head is
``h[t] = exp(dt[t] A) h[t-1] + dt[t] B[t] x[t]`` and ``y[t] = C[t] h[t]``. Inside a chunk it equals an attention of
C to B under a decaying mask; from chunk to chunk only the states are carried. So time and memory grow linearly.

Shapes: b batch, l length, h heads, p width of a head, g groups of heads that share B and C, r heads of a group,
n state size, c chunks of k steps.
"""

# ruff: noqa: N803 (A, B, C and D are what the literature calls them)

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from einops import rearrange
from torch import nn

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

__all__ = ["segment_sums", "state_space_dual", "widen"]


def widen(x: Float[Tensor, "*any"]) -> Float[Tensor, "*any"]:
    """Cast to float32, which sums need at least; float64 stays what it is."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def segment_sums(x: Float[Tensor, "*batch k"]) -> Float[Tensor, "*batch k k"]:
    """Sum of ``x[j+1] ... x[i]`` at ``[i, j]``; minus infinity where ``j > i``.

    Each sum is added up by itself: a difference of two running sums would lose small terms after large ones.
    """
    steps = x.shape[-1]
    below = torch.ones(steps, steps, dtype=torch.bool, device=x.device).tril(-1)
    sums = x.unsqueeze(-1).expand(*x.shape, steps).masked_fill(~below, 0.0).cumsum(-2)
    return sums.masked_fill(below.mT, -torch.inf)


def carry_states(
    added: Float[Tensor, "b c g r p n"], kept: Float[Tensor, "b c g r 1 1"]
) -> Float[Tensor, "b c g r p n"]:
    """State at the start of each chunk, from what each chunk adds and which share of its start it keeps."""
    state = torch.zeros_like(added[:, 0])
    starts: list[Tensor] = []
    # unbind, not indexing: the gradient of an index writes a full tensor of zeros at each chunk
    for new, share in zip(added.unbind(1), kept.unbind(1), strict=True):
        starts.append(state)
        state = share * state + new
    return torch.stack(starts, dim=1)


def mix_chunks(
    x: Float[Tensor, "b c g r k p"],
    log_decay: Float[Tensor, "b c g r k"],
    B: Float[Tensor, "b c g 1 k n"],
    C: Float[Tensor, "b c g 1 k n"],
) -> Float[Tensor, "b c g r k p"]:
    """Outputs of all chunks; ``x`` is already scaled by the step sizes."""
    decay = segment_sums(log_decay).exp()  # (b, c, g, r, k, k)
    y = ((C @ B.mT) * decay) @ x
    if x.shape[1] == 1:
        return y
    to_end = decay[..., -1, :].unsqueeze(-1)  # (b, c, g, r, k, 1)
    from_start = log_decay.cumsum(-1).exp().unsqueeze(-1)  # (b, c, g, r, k, 1)
    starts = carry_states((x * to_end).mT @ B, from_start[..., -1:, :])
    return y + from_start * (C @ starts.mT)


def state_space_dual(
    x: Float[Tensor, "b l h p"],
    dt: Float[Tensor, "b l h"],
    A: Float[Tensor, " h"],
    B: Float[Tensor, "b l g n"],
    C: Float[Tensor, "b l g n"],
    *,
    chunk: int,
    reverse: bool = False,
) -> Float[Tensor, "b l h p"]:
    """Scan ``x`` through the states of all heads.

    Parameters
    ----------
    x
        What enters the states.
    dt
        Step sizes, not negative; a step of 0 leaves the state as it is.
    A
        Rate at which each head forgets, negative.
    B
        How ``x`` enters the state. Neighbouring heads form the ``g`` groups that share B and C.
    C
        How the state is read.
    chunk
        Most steps per chunk; changes speed and memory, not the result.
    reverse
        Scan from the last step to the first.

    Returns
    -------
    :
        In the type of ``x``. Sums and states are held in float32 or wider whatever the type, also under autocast.
    """
    length, groups = x.shape[1], B.shape[2]
    chunks = -(-length // chunk)
    steps = -(-length // chunks)  # of equal length, so that little is filled up
    missing = chunks * steps - length

    def prepare(tensor: Tensor, shape: str) -> Tensor:
        ordered = widen(tensor.flip(1) if reverse else tensor)
        full = nn.functional.pad(ordered, (0, 0) * (tensor.ndim - 2) + (0, missing))
        return rearrange(full, f"b (c k) {shape}", k=steps, g=groups)

    with torch.autocast(x.device.type, enabled=False):
        y = mix_chunks(
            prepare(x * widen(dt).unsqueeze(-1), "(g r) p -> b c g r k p"),
            prepare(widen(dt) * widen(A), "(g r) -> b c g r k"),
            prepare(B, "g n -> b c g 1 k n"),
            prepare(C, "g n -> b c g 1 k n"),
        )
    y = rearrange(y, "b c g r k p -> b (c k) (g r) p")[:, :length]
    return (y.flip(1) if reverse else y).to(x.dtype)
