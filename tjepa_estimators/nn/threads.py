"""How many threads of torch a network is worth."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

__all__ = ["limited_threads"]

_SMALL = 1_000_000
"""Parameters below which one thread beat two by 4 to 10 times on a busy two-core machine."""


@contextmanager
def limited_threads(module: nn.Module, threads: int | None = None) -> Iterator[None]:
    """Run a block with ``threads`` threads; None takes one for a small network. Restored afterwards."""
    before = torch.get_num_threads()
    if threads is None:
        threads = 1 if sum(parameter.numel() for parameter in module.parameters()) < _SMALL else before
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
