"""The kernels as operators of torch: one node for ``torch.compile`` and ``torch.export``, with gradients.

On a CPU an operator runs the numba kernels, on a GPU those of mamba-ssm and causal-conv1d. Tensors are laid out
``(batch, length, dim)`` here; for compiled graphs the fake results must have the memory layout of the real ones.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from tjepa_estimators.nn.scan import cuda_backend

__all__ = ["conv_op", "scan_op"]


def _library(x: Tensor) -> Any:
    if x.device.type == "cuda":
        return cuda_backend
    from tjepa_estimators.nn.scan import numba_backend  # not at the top: numba may be missing

    return numba_backend


@torch.library.custom_op("tjepa::selective_scan", mutates_args=())
def scan_op(
    u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, bias: Tensor,
    softplus: bool, reverse: bool, keep: bool,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """Output, last state, and the states for the backward pass if ``keep``."""
    options = {} if u.device.type == "cuda" else {"keep": keep}
    y, final, states = _library(u).scan(u, delta, A, B, C, D, bias, softplus=softplus, reverse=reverse, **options)
    return y.detach(), final.detach(), states  # not views, which autograd would not let a caller change in place


@torch.library.custom_op("tjepa::selective_scan_backward", mutates_args=())
def _scan_backward_op(
    dy: Tensor, u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, bias: Tensor, states: Tensor,
    softplus: bool, reverse: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:  # fmt: skip
    gradients: tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor] = _library(u).scan_gradients(
        dy, u, delta, A, B, C, D, bias, states, softplus=softplus, reverse=reverse
    )
    return gradients


@torch.library.custom_op("tjepa::causal_conv1d", mutates_args=())
def conv_op(x: Tensor, weight: Tensor, bias: Tensor, silu: bool, reverse: bool) -> Tensor:
    """Causal convolution of each channel."""
    y: Tensor = _library(x).convolve(x, weight, bias, silu=silu, reverse=reverse)
    return y.detach()


@torch.library.custom_op("tjepa::causal_conv1d_backward", mutates_args=())
def _conv_backward_op(
    dy: Tensor, x: Tensor, weight: Tensor, bias: Tensor, silu: bool, reverse: bool
) -> tuple[Tensor, Tensor, Tensor]:
    gradients: tuple[Tensor, Tensor, Tensor] = _library(x).convolve_backward(
        dy, x, weight, bias, silu=silu, reverse=reverse
    )
    return gradients


def _like(x: Tensor) -> Tensor:
    """An empty tensor of the shape of ``x``, laid out as the kernels lay out their results."""
    batch, length, dim = x.shape
    if x.device.type == "cuda":
        return x.new_empty(batch, dim, length).mT
    return x.new_empty(batch, length, _library(x).padded(dim, x.dtype))[..., :dim]


@scan_op.register_fake
def _(u, delta, A, B, C, D, bias, softplus, reverse, keep):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, ARG001
    (batch, length, dim), size = u.shape, A.shape[1]
    if u.device.type == "cuda":
        chunks = -(-length // cuda_backend.CHUNK)
        states = u.new_empty(batch, dim, chunks, 2 * size, dtype=torch.float32)
        return _like(u), states.new_empty(batch, dim, size), states
    library = _library(u)
    rows, width = library.num_states(A), library.padded(dim, u.dtype)
    states = u.new_empty(batch, library.num_segments(length) if keep else 0, rows, width)
    return _like(u), u.new_empty(batch, rows, width)[:, :size, :dim].mT, states


@_scan_backward_op.register_fake
def _(dy, u, delta, A, B, C, D, bias, states, softplus, reverse):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, ARG001
    (batch, length, dim), size = u.shape, A.shape[1]
    if u.device.type == "cuda":
        dB, dC = (x.new_empty(batch, size, length).mT for x in (B, C))
        return _like(u), _like(u), torch.empty_like(A), dB, dC, torch.empty_like(D), torch.empty_like(bias)
    rows, width = states.shape[2:]
    dA = A.new_empty(rows, width)[:size, :dim].T
    dB, dC = (x.new_empty(batch, length, rows)[..., :size] for x in (B, C))
    return _like(u), _like(u), dA, dB, dC, D.new_empty(width)[:dim], bias.new_empty(width)[:dim]


@conv_op.register_fake
def _(x, weight, bias, silu, reverse):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, ARG001
    return _like(x)


@_conv_backward_op.register_fake
def _(dy, x, weight, bias, silu, reverse):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, ARG001
    dim, width = weight.shape
    if x.device.type == "cuda":
        return _like(x), *(torch.empty_like(parameter, dtype=torch.float32) for parameter in (weight, bias))
    lanes = _library(x).padded(dim, x.dtype)
    return _like(x), weight.new_empty(width, lanes)[:, :dim].T, bias.new_empty(lanes)[:dim]


def _keep_scan(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    *tensors, softplus, reverse, _ = inputs
    ctx.set_materialize_grads(False)  # states have no gradient: no zeros of their size need to be written
    ctx.save_for_backward(*tensors, output[2])
    ctx.options = (softplus, reverse)


def _scan_gradients(ctx: Any, dy: Tensor | None, *_: Tensor | None) -> tuple[Tensor | None, ...]:
    if dy is None:
        return (None,) * 10
    return *_scan_backward_op(dy, *ctx.saved_tensors, *ctx.options), None, None, None


def _keep_conv(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:  # noqa: ARG001
    *tensors, silu, reverse = inputs
    ctx.save_for_backward(*tensors)
    ctx.options = (silu, reverse)


def _conv_gradients(ctx: Any, dy: Tensor) -> tuple[Tensor | None, ...]:
    return *_conv_backward_op(dy, *ctx.saved_tensors, *ctx.options), None, None


scan_op.register_autograd(_scan_gradients, setup_context=_keep_scan)
conv_op.register_autograd(_conv_gradients, setup_context=_keep_conv)
