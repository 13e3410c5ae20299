"""The numba kernels compute what the obvious torch loops do: any shape, any memory layout, values and gradients."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import pad

from tjepa_estimators.nn.scan import causal_conv1d, scan_backend, selective_scan
from tjepa_estimators.nn.scan.scan_kernel import SEGMENT

pytest.importorskip("numba")

ROUNDING = {torch.float64: 1e-10, torch.float32: 1e-5}

LAYOUTS = {
    "contiguous": lambda x: x,
    "transposed": lambda x: x.mT.contiguous().mT if x.dim() > 1 else x,
    "cut out of a larger one": lambda x: pad(x, (3, 1) * x.dim())[(slice(3, -1),) * x.dim()],
    "every other entry": lambda x: torch.stack([x, -x], dim=-1)[..., 0],
    "one entry for the first axis": lambda x: x[:1].expand_as(x),
    "one entry for the last axis": lambda x: x[..., :1].expand_as(x),
}

lengths = st.sampled_from([1, 2, SEGMENT - 1, SEGMENT, SEGMENT + 1, 3 * SEGMENT + 5])
dims = st.sampled_from([1, 3, 8, 13, 16, 24, 33])
batches = st.integers(1, 3)
dtypes = st.sampled_from(list(ROUNDING))


def draw_tensors(draw, shapes, optional):
    """Random leaves by name; one of the ``optional`` may be None."""
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**16)))
    dtype = draw(dtypes)
    names = [name for name in shapes if name not in optional or draw(st.booleans())]
    return {name: torch.randn(shapes[name], generator=generator, dtype=dtype) for name in names}


def values_and_gradients(function, tensors, layouts, dtype, backend):
    """Output and gradients by name, all computed in ``dtype``."""
    leaves = {name: LAYOUTS[layouts[name]](x.to(dtype)).detach().requires_grad_() for name, x in tensors.items()}
    with scan_backend(backend):
        y = function(**leaves)
        weights = torch.linspace(-1, 1, y.numel(), dtype=dtype).reshape(y.shape).sin()
        gradients = torch.autograd.grad((y * weights).sum(), list(leaves.values()))
    return {"y": y.detach()} | dict(zip(leaves, gradients, strict=True))


def assert_backends_agree(draw, function, tensors):
    """Compare with the loop in float64, relative to the largest entry of each tensor."""
    layouts = {name: draw(st.sampled_from(sorted(LAYOUTS)), label=f"layout of {name}") for name in tensors}
    dtype = next(iter(tensors.values())).dtype
    found = values_and_gradients(function, tensors, layouts, dtype, "numba")
    expected = values_and_gradients(function, tensors, layouts, torch.float64, "torch")
    for name, value in expected.items():
        assert found[name].dtype == dtype
        error = (found[name] - value).abs().max()
        assert error <= ROUNDING[dtype] * max(1.0, float(value.abs().max())), f"{name} differs by {error}"


@given(st.data(), batches, dims, lengths, st.sampled_from([1, 3, 4, 16, 64]), st.sampled_from([None, 1, 2, 3]))
@settings(deadline=None, max_examples=60)
def test_scan_is_that_of_the_slow_loop(data, batch, dim, length, size, groups):
    groups = groups if groups and dim % groups == 0 else None
    shared = (batch, *(() if groups is None else (groups,)), size, length)
    row = (batch, dim, length)
    shapes = {"u": row, "delta": row, "A": (dim, size), "B": shared, "C": shared, "D": dim, "z": row, "delta_bias": dim}
    tensors = draw_tensors(data.draw, shapes, {"D", "z", "delta_bias"})
    softplus, reverse = data.draw(st.booleans(), label="softplus"), data.draw(st.booleans(), label="reverse")

    def scan(delta, A, delta_bias=None, **rest):  # noqa: N803
        if not softplus:  # steps of either sign, but short, or the state would grow beyond what float32 holds
            delta, A = 0.02 * delta.tanh(), A.tanh()  # noqa: N806
            delta_bias = None if delta_bias is None else 0.02 * delta_bias.tanh()
        return selective_scan(
            delta=delta, A=-A.exp(), delta_bias=delta_bias, delta_softplus=softplus, reverse=reverse, **rest
        )

    assert_backends_agree(data.draw, scan, tensors)


@given(st.data(), batches, dims, lengths, st.integers(1, 6))
@settings(deadline=None, max_examples=60)
def test_convolution_is_that_of_torch(data, batch, dim, length, width):
    shapes = {"x": (batch, dim, length), "weight": (dim, width), "bias": dim}
    tensors = draw_tensors(data.draw, shapes, {"bias"})
    activation = data.draw(st.sampled_from([None, "silu", "swish"]), label="activation")
    reverse = data.draw(st.booleans(), label="reverse")

    def convolve(**given):
        return causal_conv1d(**given, activation=activation, reverse=reverse)

    assert_backends_agree(data.draw, convolve, tensors)
