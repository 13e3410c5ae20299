"""Random arguments of the two functions, and the backends that this machine has."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
import torch


@pytest.fixture(params=["torch", "numba"])
def backend(request):
    """A backend that computes on a CPU."""
    if request.param == "numba" and find_spec("numba") is None:
        pytest.skip("numba is not installed")
    return request.param


@pytest.fixture(scope="session")
def scan_arguments():
    """Draw all arguments of ``selective_scan``, a stable system: ``scan_arguments(length=9, dtype=torch.float32)``."""

    def draw(*, batch=2, dim=5, length=21, size=3, dtype=torch.float64, seed=0, requires_grad=False):
        generator = torch.Generator().manual_seed(seed)

        def normal(*shape):
            return torch.randn(*shape, generator=generator, dtype=dtype)

        row, mixing = (batch, dim, length), (batch, size, length)
        names = ("u", "delta", "A", "B", "C", "D", "z", "delta_bias")
        values = (row, row, (dim, size), mixing, mixing, (dim,), row, (dim,))
        tensors = {name: normal(*shape) for name, shape in zip(names, values, strict=True)}
        tensors["A"] = -tensors["A"].exp()
        if requires_grad:
            tensors = {name: x.requires_grad_() for name, x in tensors.items()}
        return tensors | {"delta_softplus": True}

    return draw


@pytest.fixture(scope="session")
def conv_arguments():
    """Draw all arguments of ``causal_conv1d``: ``conv_arguments(width=3)``."""

    def draw(*, batch=2, dim=5, length=21, width=4, dtype=torch.float64, seed=0, requires_grad=False):
        generator = torch.Generator().manual_seed(seed)
        shapes = {"x": (batch, dim, length), "weight": (dim, width), "bias": (dim,)}
        tensors = {name: torch.randn(*shape, generator=generator, dtype=dtype) for name, shape in shapes.items()}
        if requires_grad:
            tensors = {name: x.requires_grad_() for name, x in tensors.items()}
        return tensors | {"activation": "silu"}

    return draw
