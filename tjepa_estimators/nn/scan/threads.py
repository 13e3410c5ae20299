"""Threads for kernels that release Python's lock.

numba's own parallel loops end the process in a forked child, or abort when two threads start them at once, and
OpenMP's threads wait for one another where other programs need the cores too. A plain pool does neither.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import torch

__all__ = ["num_threads", "run_tasks"]

_WORTH_A_THREAD = 250_000
"""Cells of work, about a twentieth of a millisecond, below which another thread costs more than it brings."""


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=os.cpu_count(), thread_name_prefix="tjepa-scan")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # threads do not survive a fork


def num_threads(cells: int, tasks: int) -> int:
    """How many threads to use: no more than torch may use, nor than the work is worth."""
    return max(1, min(torch.get_num_threads(), tasks, cells // _WORTH_A_THREAD))


def run_tasks(
    kernel: Callable[..., None], tasks: int, threads: int, shared: Sequence[object], own: Sequence[Sequence[object]]
) -> None:
    """Call ``kernel(first, last, *shared, *own[thread])`` for shares of the tasks, one share in the calling thread.

    ``own`` has a row of arguments for each thread.
    """
    bounds = [tasks * thread // threads for thread in range(threads + 1)]
    shares = [(bounds[i], bounds[i + 1], *shared, *own[i]) for i in range(threads)]
    others = [_pool().submit(kernel, *share) for share in shares[1:]]
    kernel(*shares[0])
    for other in others:
        other.result()
