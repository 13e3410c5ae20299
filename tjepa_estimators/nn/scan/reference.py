"""The obvious selective scan and causal convolution in torch: the specification that the kernels are tested against.

They run on any device, in any floating type, under autograd and under export. Their loop over time is slow:
the states of all steps stay in memory for the backward pass.

Shapes: B batch, D channels, L length, N state size, K width of the convolution.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

__all__ = ["causal_conv1d_reference", "selective_scan_reference"]


def selective_scan_reference(
    u: Float[Tensor, "B L D"],
    delta: Float[Tensor, "B L D"],
    A: Float[Tensor, "D N"],
    B: Float[Tensor, "B L N"],
    C: Float[Tensor, "B L N"],
    D: Float[Tensor, " D"],
    delta_bias: Float[Tensor, " D"],
    delta_softplus: bool,
    reverse: bool,
) -> tuple[Float[Tensor, "B L D"], Float[Tensor, "B D N"]]:
    """Scan step by step: ``h = exp(delta A) h + delta B u``, ``y = C h + D u``; returns ``y`` and the last ``h``."""
    delta = delta + delta_bias
    if delta_softplus:
        delta = nn.functional.softplus(delta)
    # unbind, not indexing: the gradient of an index writes a full tensor of zeros at each step
    decays = torch.exp(delta.unsqueeze(-1) * A).unbind(1)  # L times (B, D, N)
    inputs = ((delta * u).unsqueeze(-1) * B.unsqueeze(2)).unbind(1)  # L times (B, D, N)
    outputs = C.unsqueeze(2).unbind(1)  # L times (B, 1, N)
    state = torch.zeros_like(inputs[0])
    y: list[Tensor] = []
    steps = list(zip(decays, inputs, outputs, strict=True))
    for decay, given, output in reversed(steps) if reverse else steps:
        state = decay * state + given
        y.append((state * output).sum(-1))  # (B, D); autocast would compute a matrix product in half precision
    return torch.stack(y[::-1] if reverse else y, dim=1) + D * u, state


def causal_conv1d_reference(
    x: Float[Tensor, "B L D"],
    weight: Float[Tensor, "D K"],
    bias: Float[Tensor, " D"],
    silu: bool,
    reverse: bool,
) -> Float[Tensor, "B L D"]:
    """Convolve each channel with the present and the ``K - 1`` steps before it (after it if ``reverse``)."""
    length, width = x.shape[1], weight.shape[1]
    kernel = (weight.flip(1) if reverse else weight).unbind(1)  # K times (D)
    x = nn.functional.pad(x, (0, 0, 0, width - 1) if reverse else (0, 0, width - 1, 0))
    # products, not conv1d: autocast would compute that in half precision
    y = sum(x[:, k : k + length] * share for k, share in enumerate(kernel)) + bias
    return nn.functional.silu(y) if silu else y
