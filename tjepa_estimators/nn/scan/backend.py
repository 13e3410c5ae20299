"""Which implementation computes the scan and the convolution."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

import torch

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.nn.scan import cuda_backend

__all__ = ["BACKENDS", "VARIABLE", "choose_backend", "scan_backend", "why_not"]

BACKENDS = ("cuda", "numba", "torch")
VARIABLE = "TJEPA_SCAN_BACKEND"
"""Environment variable that names a backend for the whole process."""

_MODULES = {"scan": "selective_scan_cuda", "conv": "causal_conv1d_cuda"}
_DTYPES = {
    "cuda": (torch.float32, torch.float16, torch.bfloat16),
    "numba": (torch.float32, torch.float64, torch.float16, torch.bfloat16),  # halves are computed in float32
}
_forced: ContextVar[str | None] = ContextVar("scan_backend", default=None)


@contextmanager
def scan_backend(name: str) -> Iterator[None]:
    """Compute scans and convolutions inside this block with one backend.

    Parameters
    ----------
    name
        ``"cuda"`` (kernels of mamba-ssm and causal-conv1d), ``"numba"`` (CPU kernels) or ``"torch"`` (the reference:
        slow, any device, plain operators for export).

    Raises
    ------
    ConfigError
        If ``name`` is unknown, or at the call of an operation that the backend cannot compute.

    Notes
    -----
    It holds for this thread. Compiled and exported programs keep the backend that was chosen when they were made.

    Examples
    --------
    >>> from tjepa_estimators.nn.scan import causal_conv1d
    >>> with scan_backend("torch"):
    ...     causal_conv1d(torch.ones(1, 1, 3), torch.ones(1, 2))
    tensor([[[1., 2., 2.]]])
    """
    _check(name, "scan_backend()")
    token = _forced.set(name)
    try:
        yield
    finally:
        _forced.reset(token)


def choose_backend(operation: str, device: torch.device, dtype: torch.dtype) -> str:
    """Name the backend for ``"scan"`` or ``"conv"`` on such tensors: the one asked for, else the fastest that works.

    Raises
    ------
    ConfigError
        If the one asked for, by :func:`scan_backend` or by the environment variable ``TJEPA_SCAN_BACKEND``, cannot.
    """
    asked = _forced.get() or os.environ.get(VARIABLE)
    if asked:
        _check(asked, VARIABLE)
        if reason := why_not(asked, operation, device, dtype):
            raise ConfigError(
                f"The backend {asked!r} was asked for, but {reason}. Use another of {', '.join(BACKENDS)}, or none: "
                "then the fastest that works is taken"
            )
        return asked
    fast = "cuda" if device.type == "cuda" else "numba"
    reason = why_not(fast, operation, device, dtype)
    if reason is None:
        return fast
    if device.type in {"cpu", "cuda"}:
        _say_once(fast, reason)
    return "torch"


# What torch.compiler.assume_constant_result sets; calling that would load the compiler, which takes seconds.
choose_backend._dynamo_marked_constant = True  # type: ignore[attr-defined]  # noqa: SLF001


def why_not(backend: str, operation: str, device: torch.device, dtype: torch.dtype) -> str | None:
    """The reason why a backend cannot compute an operation on such tensors; None if it can."""
    if backend == "torch":
        return None
    needed = "cuda" if backend == "cuda" else "cpu"
    if device.type != needed:
        return f"it computes on {needed}, and the tensors are on {device}"
    if dtype not in _DTYPES[backend]:
        return f"it does not compute in {dtype}"
    return _missing_numba() if backend == "numba" else _missing_module(_MODULES[operation])


@cache
def _missing_numba() -> str | None:
    try:
        import numba
    except ImportError as error:
        return f"numba cannot be imported ({error}); install it by `pip install numba`"
    return "numba is switched off by NUMBA_DISABLE_JIT" if numba.config.DISABLE_JIT else None


def _missing_module(name: str) -> str | None:
    if cuda_backend.load_module(name) is not None:
        return None
    return f"the module {name} cannot be imported; see the page on installing mamba-ssm in the documentation"


@cache
def _say_once(backend: str, reason: str) -> None:
    warnings.warn(
        f"The selective scan runs in plain torch, which is many times slower than the backend {backend!r}: {reason}.",
        stacklevel=2,
    )


def _check(name: str, source: str) -> None:
    if name not in BACKENDS:
        raise ConfigError(f"{source} was given {name!r}; choose one of {', '.join(BACKENDS)}")
