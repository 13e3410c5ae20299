"""The selective scan and the causal convolution, with the shapes and the meaning that mamba-ssm gave them.

Both are written for ``(batch, dim, length)`` tensors, as there. Internally the channels are neighbours in memory,
so tensors that are transposed views of ``(batch, length, dim)`` ones, as a layer has them, are not copied.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Literal

import torch
from torch import nn

from tjepa_estimators.errors import ConfigError, DataError
from tjepa_estimators.nn.scan.backend import choose_backend
from tjepa_estimators.nn.scan.cuda_backend import MOST_STATES
from tjepa_estimators.nn.scan.ops import conv_op, scan_op
from tjepa_estimators.nn.scan.reference import causal_conv1d_reference, selective_scan_reference

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

__all__ = ["causal_conv1d", "selective_scan"]


def selective_scan(
    u: Float[Tensor, "batch dim length"],
    delta: Float[Tensor, "batch dim length"],
    A: Float[Tensor, "dim state"],
    B: Float[Tensor, "batch *groups state length"],
    C: Float[Tensor, "batch *groups state length"],
    D: Float[Tensor, " dim"] | None = None,
    z: Float[Tensor, "batch dim length"] | None = None,
    delta_bias: Float[Tensor, " dim"] | None = None,
    delta_softplus: bool = False,
    return_last_state: bool = False,
    *,
    reverse: bool = False,
) -> Float[Tensor, "batch dim length"] | tuple[Tensor, Tensor]:
    """Run a linear recurrence whose coefficients depend on the input.

    With ``step = softplus(delta + delta_bias)``, for each channel and each entry of its state::

        h[t] = exp(step[t] A) h[t - 1] + step[t] B[t] u[t]
        y[t] = C[t] h[t] + D u[t]                               times silu(z[t]) if z is given

    Parameters
    ----------
    u, delta
        Input and step sizes.
    A
        Decay rates, negative in a stable system.
    B, C
        What enters the state and what leaves it; ``(batch, groups, state, length)`` serves each group of
        ``dim / groups`` neighbouring channels with coefficients of its own.
    D, z, delta_bias
        Weight of the input in the output, gate, and what is added to ``delta``; None leaves a part out.
    delta_softplus
        Make steps positive; without it they are ``delta + delta_bias``.
    return_last_state
        Also return the state after the last step, ``(batch, dim, state)``; it carries no gradient.
    reverse
        Run from the last step to the first.

    Returns
    -------
    ``y`` in the type of ``u``. Types may be mixed; halves are computed in float32.

    Raises
    ------
    DataError
        If a shape does not fit, a tensor is empty, complex, an integer one, or on another device.
    ConfigError
        If a backend was asked for that cannot compute this; see :func:`scan_backend`.

    Notes
    -----
    Source: Mamba, arXiv 2312.00752, algorithm 2; signature of ``selective_scan_fn`` in mamba-ssm. Its kernels take up
    to 256 states; on a GPU more are computed by torch.

    Examples
    --------
    A running sum with a half-life of one step:

    >>> one = torch.ones(1, 1, 4)
    >>> selective_scan(one, one, torch.log(torch.tensor([[0.5]])), one, one).round(decimals=4)
    tensor([[[1.0000, 1.5000, 1.7500, 1.8750]]])
    """
    _check_scan(u, delta, A, B, C, D, z, delta_bias)
    if B.dim() == 4:
        found = []
        size = u.shape[1] // B.shape[1]
        for group in range(B.shape[1]):
            own = slice(group * size, (group + 1) * size)
            D_, bias_ = (None if x is None else x[own] for x in (D, delta_bias))
            found.append(
                selective_scan(
                    u[:, own], delta[:, own], A[own], B[:, group], C[:, group], D_, None if z is None else z[:, own],
                    bias_, delta_softplus, True, reverse=reverse,
                )
            )  # fmt: skip
        y, final = (torch.cat(tensors, dim=1) for tensors in zip(*found, strict=True))
        return (y, final) if return_last_state else y
    nothing = A.new_zeros(A.shape[0])
    vectors = [nothing if x is None else x for x in (D, delta_bias)]
    dtype = _exact_dtype(u, delta, A, B, C, *vectors)
    backend = choose_backend("scan", u.device, dtype)
    if backend == "cuda" and A.shape[1] > MOST_STATES:
        backend = "torch"
    kind = u.dtype if backend == "cuda" and u.dtype.itemsize == 2 else dtype  # the CUDA kernel reads halves
    u_, delta_, B_, C_ = (x.mT.to(kind) for x in (u, delta, B, C))
    A_, D_, bias_ = (x.to(dtype) for x in (A, *vectors))
    arguments = (u_, delta_, A_, B_, C_, D_, bias_)
    if backend == "torch":
        y, final = selective_scan_reference(*arguments, delta_softplus, reverse)
    else:
        keep = torch.is_grad_enabled() and any(x.requires_grad for x in arguments)
        y, final, _ = scan_op(*arguments, delta_softplus, reverse, keep)
    y = y.mT.to(u.dtype)
    y = y if z is None else (y * nn.functional.silu(z)).to(u.dtype)
    return (y, final.detach()) if return_last_state else y


def causal_conv1d(
    x: Float[Tensor, "batch dim length"],
    weight: Float[Tensor, "dim width"],
    bias: Float[Tensor, " dim"] | None = None,
    activation: Literal["silu", "swish"] | None = None,
    *,
    reverse: bool = False,
) -> Float[Tensor, "batch dim length"]:
    """Convolve each channel with its present and its past.

    Parameters
    ----------
    x
        Input; before its first step it counts as zero.
    weight
        Kernel of each channel; the last column weighs the present step.
    bias
        Added to the result.
    activation
        ``"silu"`` (also called ``"swish"``) is applied to the result.
    reverse
        Look at the future instead of the past.

    Returns
    -------
    Result in the type of ``x``.

    Raises
    ------
    DataError
        If a shape does not fit, a tensor is empty, complex, an integer one, or on another device.
    ConfigError
        If the activation is unknown, or a backend was asked for that cannot compute this.

    Notes
    -----
    Source: ``causal_conv1d_fn`` of causal-conv1d. Its kernels take widths of 2 to 4; on a GPU other widths are
    computed by torch.

    Examples
    --------
    >>> causal_conv1d(torch.tensor([[[1.0, 2.0, 3.0]]]), torch.tensor([[10.0, 1.0]]))
    tensor([[[ 1., 12., 23.]]])
    """
    if activation not in {None, "silu", "swish"}:
        raise ConfigError(f"activation is {activation!r}; use 'silu', 'swish' or None")
    _check_shape("x", x, "batch dim length", x.shape if x.dim() == 3 else None)
    _check_shape("weight", weight, "dim width", (x.shape[1], weight.shape[-1] if weight.dim() else 1))
    bias = weight.new_zeros(x.shape[1]) if bias is None else bias
    _check_shape("bias", bias, "dim", (x.shape[1],))
    _check_kinds({"x": x, "weight": weight, "bias": bias})
    dtype = _exact_dtype(x, weight, bias)
    silu = activation is not None
    backend = choose_backend("conv", x.device, dtype)
    if backend == "cuda" and not 2 <= weight.shape[1] <= 4:
        backend = "torch"
    kind = x.dtype if backend == "cuda" and x.dtype.itemsize == 2 else dtype
    compute = causal_conv1d_reference if backend == "torch" else conv_op
    y = compute(x.mT.to(kind), weight.to(dtype), bias.to(dtype), silu, reverse)
    return y.mT.to(x.dtype)


def _exact_dtype(*tensors: Tensor) -> torch.dtype:
    """The type that holds all tensors, but at least float32."""
    return reduce(torch.promote_types, (x.dtype for x in tensors), torch.float32)


def _check_scan(
    u: Tensor, delta: Tensor, A: Tensor, B: Tensor, C: Tensor, D: Tensor | None, z: Tensor | None, bias: Tensor | None
) -> None:
    _check_shape("u", u, "batch dim length", u.shape if u.dim() == 3 else None)
    (batch, dim, length), size = u.shape, A.shape[-1] if A.dim() else 0
    _check_shape("delta", delta, "batch dim length", u.shape)
    _check_shape("A", A, "dim state", (dim, size))
    for name, x in (("B", B), ("C", C)):
        groups = B.shape[1:2] if B.dim() == 4 else ()
        shape = ("batch groups state length", (batch, *groups, size, length))
        _check_shape(name, x, shape[0] if groups else "batch state length", shape[1])
        if groups and dim % groups[0]:
            raise DataError(f"{name} has {groups[0]} groups, which do not divide the {dim} channels of u")
    for name, vector in (("D", D), ("delta_bias", bias)):
        if vector is not None:
            _check_shape(name, vector, "dim", (dim,))
    if z is not None:
        _check_shape("z", z, "batch dim length", u.shape)
    given = {"u": u, "delta": delta, "A": A, "B": B, "C": C, "D": D, "z": z, "delta_bias": bias}
    _check_kinds({name: x for name, x in given.items() if x is not None})


def _check_shape(name: str, x: Tensor, axes: str, expected: Sequence[int] | None) -> None:
    if expected is None or tuple(x.shape) != tuple(expected):
        wanted = "" if expected is None else f" = {tuple(expected)}"
        raise DataError(f"{name} has shape {tuple(x.shape)}, but ({', '.join(axes.split())}){wanted} is expected")
    if 0 in x.shape:
        raise DataError(f"{name} has shape {tuple(x.shape)}; no axis may be empty")


def _check_kinds(tensors: Mapping[str, Tensor]) -> None:
    device = next(iter(tensors.values())).device
    for name, x in tensors.items():
        if not x.is_floating_point():
            raise DataError(f"{name} is of type {x.dtype}; give a real floating type such as torch.float32")
        if x.device != device:
            raise DataError(f"{name} is on {x.device}, other arguments are on {device}; move them to one device")
