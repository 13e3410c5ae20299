"""Kernels as machine code: compiled once for each floating type, kept on disk, run without Python's lock."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any

import numba
from numba import types
from numba.core.event import Listener, install_listener

__all__ = ["compile_kernel"]

_logger = logging.getLogger("tjepa_estimators")


@cache
def _announce() -> None:
    # a warning, or nobody would see why the first call takes longer
    _logger.warning("Compiling the CPU kernels of tjepa_estimators: a few seconds, once on each machine.")


class _Announcement(Listener):
    """Is heard when numba compiles, not when it loads what it compiled before."""

    def on_start(self, event: Any) -> None:  # noqa: ARG002 - numba's signature
        _announce()

    def on_end(self, event: Any) -> None:
        """Nothing to say."""


@cache
def _version() -> str:
    here = Path(__file__).parent
    sources = [here / "vectors.py", *sorted(here.glob("*_kernel.py"))]
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:8]


def _named_by_version(kernel: Callable[..., None]) -> FunctionType:
    """The kernel under a name that changes with our sources: numba compares only the file that a kernel stands in."""
    found = FunctionType(kernel.__code__, kernel.__globals__, kernel.__name__)
    found.__qualname__ = f"{kernel.__name__}_{_version()}"
    return found


@cache
def compile_kernel(kernel: Callable[..., None], dtype: str, arguments: str) -> Callable[..., None]:
    """Compile a kernel for one floating type, or load it from numba's cache.

    Parameters
    ----------
    kernel
        A function that numba understands.
    dtype
        ``"float32"`` or ``"float64"``, the type of all its arrays.
    arguments
        A letter for each argument: ``i`` an integer, ``b`` a boolean, a digit for an array of so many axes.

    Notes
    -----
    The arrays are declared as strided, or numba would compile again for each mixture of contiguous and other ones.
    The cache stands beside this file, or where that cannot be written in the user's cache folder; the environment
    variable ``NUMBA_CACHE_DIR`` names another. Where none can be written each process compiles for itself.
    """
    scalars = {"i": types.int64, "b": types.boolean}
    number = getattr(types, dtype)
    signature = types.void(*(scalars[a] if a in scalars else types.Array(number, int(a), "A") for a in arguments))
    dispatcher = numba.njit(nogil=True)(_named_by_version(kernel))
    try:
        dispatcher.enable_caching()
    except RuntimeError as error:  # numba finds no folder to write to
        _logger.info("The CPU kernels are compiled anew in each process: %s", error)
    with install_listener("numba:compile", _Announcement()):
        dispatcher.compile(signature)
    dispatcher.disable_compile()
    return dispatcher
