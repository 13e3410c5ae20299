"""The CUDA kernels of mamba-ssm and causal-conv1d, called as they are compiled.

``import mamba_ssm`` would load triton, tilelang and transformers; the two extension modules below need none of
them. They read ``(batch, dim, length)`` with a contiguous last axis, and keep states in float32.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["CHUNK", "MOST_STATES", "convolve", "convolve_backward", "load_module", "scan", "scan_gradients"]

CHUNK = 2048
"""Steps between the states that mamba-ssm's forward pass keeps."""
MOST_STATES = 256
"""States of a channel that mamba-ssm's kernels can hold."""


@cache
def load_module(name: str) -> ModuleType | None:
    """``selective_scan_cuda`` or ``causal_conv1d_cuda``; None where it is not installed or does not fit torch."""
    try:
        return import_module(name)
    except ImportError:
        return None


def scan(
    u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, bias: Tensor, *, softplus: bool, reverse: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Output, last state, kept states; the shapes of the numba backend but for the kept states."""
    u, delta, B, C = (_to_kernel(x, reverse=reverse) for x in (u, delta, B, C))
    y, states, *_ = _module("selective_scan_cuda").fwd(
        u, delta, A.float(), B.unsqueeze(1), C.unsqueeze(1), _dense(D.float()), None, _dense(bias.float()), softplus
    )
    return _from_kernel(y, reverse=reverse), states[:, :, -1, 1::2].clone(), states


def scan_gradients(
    dy: Tensor, u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor, bias: Tensor, states: Tensor,
    *, softplus: bool, reverse: bool,
) -> tuple[Tensor, ...]:  # fmt: skip
    """Gradients of ``u, delta, A, B, C, D, bias``."""
    dy, u, delta, B, C = (_to_kernel(x, reverse=reverse) for x in (dy, u, delta, B, C))
    du, ddelta, dA, dB, dC, dD, dbias, *_ = _module("selective_scan_cuda").bwd(
        u, delta, A.float(), B.unsqueeze(1), C.unsqueeze(1), _dense(D.float()), None, _dense(bias.float()),
        dy, states, None, None, softplus, False,
    )  # fmt: skip
    du, ddelta, dB, dC = (_from_kernel(x, reverse=reverse) for x in (du, ddelta, dB.squeeze(1), dC.squeeze(1)))
    return du, ddelta, dA, dB, dC, dD, dbias


def convolve(x: Tensor, weight: Tensor, bias: Tensor, *, silu: bool, reverse: bool) -> Tensor:
    """Causal convolution of each channel."""
    y = torch.empty_like(x := _to_kernel(x, reverse=reverse))
    _module("causal_conv1d_cuda").causal_conv1d_fwd(x, weight, _dense(bias), None, None, y, None, silu)
    return _from_kernel(y, reverse=reverse)


def convolve_backward(
    dy: Tensor, x: Tensor, weight: Tensor, bias: Tensor, *, silu: bool, reverse: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of ``x, weight, bias``."""
    dy, x = _to_kernel(dy, reverse=reverse), _to_kernel(x, reverse=reverse)
    dx = torch.empty_like(x)
    dweight = torch.zeros_like(weight, dtype=torch.float32)
    dbias = torch.zeros_like(bias, dtype=torch.float32)
    _module("causal_conv1d_cuda").causal_conv1d_bwd(
        x, weight, _dense(bias), dy, None, None, None, dx, dweight, dbias, None, silu
    )
    return _from_kernel(dx, reverse=reverse), dweight, dbias


def _module(name: str) -> ModuleType:
    module = load_module(name)
    assert module is not None, f"{name} is chosen only where it can be imported"  # noqa: S101 - see backend.py
    return module


def _to_kernel(x: Tensor, *, reverse: bool) -> Tensor:
    return _dense((x.flip(1) if reverse else x).mT)


def _dense(x: Tensor) -> Tensor:
    """Contiguous by its strides too: for an axis of length 1 torch takes any, but the kernels read the layout there."""
    *_, rows, columns = (1, 1, *x.shape)
    strides = (rows * columns, columns, 1)
    return x.contiguous().as_strided(x.shape, strides[-x.dim() :])


def _from_kernel(x: Tensor, *, reverse: bool) -> Tensor:
    return x.mT.flip(1) if reverse else x.mT
