"""How many threads of torch a network is worth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import nn

__all__ = ["limited_threads", "map_batches"]

Given = TypeVar("Given")
Result = TypeVar("Result")

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


def map_batches(function: Callable[[Given], Result], batches: Sequence[Given], workers: int) -> list[Result]:
    """Results for all batches, in order; several batches at a time where there are several workers.

    Threads within an operation gain nothing on small tensors, but whole batches side by side do, as torch works
    without Python's lock. Gradients are not recorded.

    Parameters
    ----------
    function
        Called in threads of its own, so it must not change what it shares.
    batches
        Its arguments.
    workers
        Batches at a time, such as ``torch.get_num_threads()`` outside of :func:`limited_threads`.

    Examples
    --------
    >>> map_batches(lambda batch: batch.sum().item(), torch.arange(6).split(2), workers=2)
    [1, 5, 9]
    """

    def work(batch: Given) -> Result:
        with torch.inference_mode():  # a setting of each thread
            return function(batch)

    if min(workers, len(batches)) < 2:
        return [work(batch) for batch in batches]
    with ThreadPoolExecutor(min(workers, len(batches))) as pool:
        return list(pool.map(work, batches))
