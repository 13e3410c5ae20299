"""The numba kernels on torch tensors: prepares arrays, shares the work out among threads.

Shapes: B batch, L length, D channels, N states, K width of the convolution, S segments, G groups of channels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from tjepa_estimators.nn.scan.compiled import compile_kernel
from tjepa_estimators.nn.scan.conv_kernel import conv_backward, conv_forward
from tjepa_estimators.nn.scan.scan_kernel import SEGMENT, scan_backward, scan_forward
from tjepa_estimators.nn.scan.threads import num_threads, run_tasks
from tjepa_estimators.nn.scan.vectors import BITS, LOG2_E

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

__all__ = ["convolve", "convolve_backward", "num_segments", "num_states", "padded", "scan", "scan_gradients"]


def num_segments(length: int) -> int:
    """Segments of time; one state is kept for each."""
    return -(-length // SEGMENT)


def num_states(A: Float[Tensor, "D N"]) -> int:
    """States, rounded up to whole pairs."""
    return A.shape[1] + A.shape[1] % 2


def padded(dim: int, dtype: torch.dtype) -> int:
    """The number of channels, rounded up to whole vectors."""
    lanes = BITS // (8 * dtype.itemsize)
    return -(-dim // lanes) * lanes


def scan(
    u: Float[Tensor, "B L D"], delta: Float[Tensor, "B L D"], A: Float[Tensor, "D N"], B: Float[Tensor, "B L N"],
    C: Float[Tensor, "B L N"], D: Float[Tensor, " D"], bias: Float[Tensor, " D"],
    *, softplus: bool, reverse: bool, keep: bool,
) -> tuple[Float[Tensor, "B L D"], Float[Tensor, "B D N"], Float[Tensor, "B S N P"]]:  # fmt: skip
    """Scan; returns the output, the last state, and if ``keep`` the states that the backward pass needs."""
    (batch, length, dim), size = u.shape, num_states(A)
    width = padded(dim, u.dtype)
    y, final = u.new_empty(batch, length, width), u.new_empty(batch, size, width)
    states = u.new_empty(batch, num_segments(length) if keep else 0, size, width)
    group, threads = _shares(batch, width, batch * length * width * size, u.dtype)
    inputs = [_array(x, width, reverse=reverse) for x in (u, delta)]
    mixing = [_array(x, size, reverse=reverse) for x in (B, C)]
    vectors = [_array(x, width) for x in (D, bias)]
    shared = [group, *inputs, _array(_pad(A, size).T * LOG2_E, width), *mixing, *vectors, softplus]
    shared += [_array(y, width, reverse=reverse), states.numpy(), final.numpy()]
    kernel = compile_kernel(scan_forward, _name(u), "iii332" + "33" + "11b343")
    run_tasks(kernel, batch * width // group, threads, shared, [()] * threads)
    return y[..., :dim], final[:, : A.shape[1], :dim].mT, states


def scan_gradients(
    dy: Float[Tensor, "B L D"], u: Float[Tensor, "B L D"], delta: Float[Tensor, "B L D"], A: Float[Tensor, "D N"],
    B: Float[Tensor, "B L N"], C: Float[Tensor, "B L N"], D: Float[Tensor, " D"], bias: Float[Tensor, " D"],
    states: Float[Tensor, "B S N P"], *, softplus: bool, reverse: bool,
) -> tuple[Tensor, ...]:  # fmt: skip
    """Gradients of ``u, delta, A, B, C, D, bias``."""
    (batch, length, dim), size = u.shape, num_states(A)
    width = states.shape[-1]
    group, threads = _shares(batch, width, batch * length * width * size, u.dtype)
    parts = width // group
    du, ddelta = u.new_empty(batch, length, width), u.new_empty(batch, length, width)
    dB, dC = u.new_empty(parts, batch, length, size), u.new_empty(parts, batch, length, size)
    dA, dD, dbias = u.new_zeros(threads, size, width), u.new_zeros(threads, width), u.new_zeros(threads, width)
    inputs = [_array(x, width, reverse=reverse) for x in (u, delta)]
    mixing = [_array(x, size, reverse=reverse) for x in (B, C)]
    vectors = [_array(x, width) for x in (D, bias)]
    shared = [group, *inputs, _array(_pad(A, size).T, width), *mixing, *vectors, softplus, states.numpy()]
    shared += [_array(x, width, reverse=reverse) for x in (dy, du, ddelta)]
    sums = [_array(x, size, reverse=reverse, axis=2) for x in (dB, dC)]
    own = [[dA[i].numpy(), *sums, dD[i].numpy(), dbias[i].numpy()] for i in range(threads)]
    kernel = compile_kernel(scan_backward, _name(u), "iii332" + "33" + "11b4333" + "24411")
    run_tasks(kernel, batch * parts, threads, shared, own)
    return (
        du[..., :dim], ddelta[..., :dim], dA.sum(0)[: A.shape[1], :dim].T,
        _total(dB)[..., : A.shape[1]], _total(dC)[..., : A.shape[1]], dD.sum(0)[:dim], dbias.sum(0)[:dim],
    )  # fmt: skip


def convolve(
    x: Float[Tensor, "B L D"], weight: Float[Tensor, "D K"], bias: Float[Tensor, " D"], *, silu: bool, reverse: bool
) -> Float[Tensor, "B L D"]:
    """Causal convolution of each channel."""
    batch, length, dim = x.shape
    width = padded(dim, x.dtype)
    y = x.new_empty(batch, length, width)
    group, threads = _shares(batch, width, y.numel() * weight.shape[1], x.dtype)
    shared = [group, _array(x, width, reverse=reverse), _array(weight.T, width), _array(bias, width), silu]
    shared += [_array(y, width, reverse=reverse)]
    kernel = compile_kernel(conv_forward, _name(x), "iii321b3")
    run_tasks(kernel, batch * width // group, threads, shared, [()] * threads)
    return y[..., :dim]


def convolve_backward(
    dy: Float[Tensor, "B L D"], x: Float[Tensor, "B L D"], weight: Float[Tensor, "D K"], bias: Float[Tensor, " D"],
    *, silu: bool, reverse: bool,
) -> tuple[Float[Tensor, "B L D"], Float[Tensor, "D K"], Float[Tensor, " D"]]:  # fmt: skip
    """Gradients of ``x, weight, bias``."""
    batch, length, dim = x.shape
    width = padded(dim, x.dtype)
    dx = x.new_empty(batch, length, width)
    group, threads = _shares(batch, width, dx.numel() * weight.shape[1], x.dtype)
    dweight, dbias = x.new_zeros(threads, weight.shape[1], width), x.new_zeros(threads, width)
    shared = [group, _array(x, width, reverse=reverse), _array(weight.T, width), _array(bias, width), silu]
    shared += [_array(part, width, reverse=reverse) for part in (dy, dx)]
    own = [[dweight[i].numpy(), dbias[i].numpy()] for i in range(threads)]
    kernel = compile_kernel(conv_backward, _name(x), "iii321b3321")
    run_tasks(kernel, batch * width // group, threads, shared, own)
    return dx[..., :dim], dweight.sum(0)[:, :dim].T, dbias.sum(0)[:dim]


def _name(x: Tensor) -> str:
    return str(x.dtype).removeprefix("torch.")


def _shares(batch: int, width: int, cells: int, dtype: torch.dtype) -> tuple[int, int]:
    """Channels of a group, and threads: a sample for each thread if there are enough, else parts of samples."""
    lanes = BITS // (8 * dtype.itemsize)
    threads = num_threads(cells, batch * width // lanes)
    vectors, groups = width // lanes, 1
    while batch * groups < threads or vectors % groups:
        groups += 1  # reaches a divisor of `vectors` with enough groups, at the latest `vectors` itself
    return width // groups, threads


def _array(x: Tensor, width: int, *, reverse: bool = False, axis: int = 1) -> np.ndarray:
    """View as an array whose last axis is contiguous and ``width`` wide; time runs backwards if ``reverse``."""
    x = _pad(x.detach(), width)
    if x.stride(-1) != 1:
        x = x.contiguous()
    array = x.numpy()
    return np.flip(array, axis) if reverse else array


def _pad(x: Tensor, width: int) -> Tensor:
    """Fill the last axis up with zeros, which neither decay nor take part."""
    return x if x.shape[-1] == width else torch.nn.functional.pad(x, (0, width - x.shape[-1]))


def _total(parts: Float[Tensor, "G B L N"]) -> Float[Tensor, "B L N"]:
    """Sum of the groups. One group is not added up: torch would wake its threads for it, and wait for them."""
    return parts[0] if len(parts) == 1 else parts.sum(0)
