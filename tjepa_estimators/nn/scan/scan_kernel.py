"""The selective scan as numba kernels: forward, and a backward pass that keeps few states.

Read :func:`~tjepa_estimators.nn.scan.reference.selective_scan_reference` first; this is the same recurrence

    h[t] = exp(step[t] A) h[t - 1] + given[t] B[t]        y[t] = C[t] h[t] + D u[t]

with ``step = softplus(delta + bias)`` and ``given = step u``, on vectors whose lanes are neighbouring channels.
Exponentials are powers of two, so the forward pass is handed ``log2(e) A``.

Time is cut into segments. Within one, each state runs over all steps before the next state has its turn: so it
stays in a register, and what the steps need fits the nearest cache. A *task* is one sample and one group of
channels; tasks share nothing that is written, so threads may take them in any order.

Shapes: B batch, L length, D channels (a multiple of the lanes), N states (an even number), S segments, G groups of
channels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import register_jitable

from tjepa_estimators.nn.scan.vectors import LOG2_E, exp2, lanes, load, sigmoid, softplus, spread, store, total, zeros

__all__ = ["SEGMENT", "scan_backward", "scan_forward"]

SEGMENT = 32
"""Steps of a segment; the state before each is kept for the backward pass."""


@register_jitable
def scratch(like: Any, rows: int) -> Any:
    """Memory for ``rows`` vectors that begins at a cache line, where they are read and written faster."""
    size, numbers = rows * lanes(like), 64 // like.itemsize
    memory = np.empty(size + numbers, like.dtype)
    offset = (64 - memory.ctypes.data % 64) % 64 // like.itemsize
    return memory[offset : offset + size].reshape(rows, lanes(like))


def scan_forward(
    first: int, last: int, group: int,
    u: Any, delta: Any, A: Any, B: Any, C: Any, D: Any, bias: Any, use_softplus: bool,
    y: Any, states: Any, final: Any,
) -> None:  # fmt: skip
    """Run the tasks from ``first`` up to ``last``, with groups of ``group`` channels.

    Reads ``u, delta (B, L, D)``, ``A (N, D)`` times log2(e), ``B, C (B, L, N)``, ``D, bias (D)``. Writes
    ``y (B, L, D)``, the states before each segment ``(B, S, N, D)`` if S is not 0, and ``final (B, N, D)``.
    """
    _, length, dim = u.shape
    keep, groups = states.shape[1] > 0, dim // group
    step, given, out = scratch(u, SEGMENT), scratch(u, SEGMENT), scratch(u, SEGMENT)
    for task in range(first, last):
        b, start = task // groups, task % groups * group
        for d in range(start, start + group, lanes(u)):
            shift, skip = load(bias, (d,)), load(D, (d,))
            for n in range(A.shape[0]):
                store(final, (b, n, d), zeros(u))
            for segment in range((length - 1) // SEGMENT + 1):
                begin = segment * SEGMENT
                steps = min(SEGMENT, length - begin)
                for k in range(steps):
                    x, now = load(u, (b, begin + k, d)), load(delta, (b, begin + k, d)) + shift
                    if use_softplus:
                        now = softplus(now)
                    store(step, (k, 0), now)
                    store(given, (k, 0), now * x)
                    store(out, (k, 0), skip * x)
                for n in range(A.shape[0]):
                    a, h = load(A, (n, d)), load(final, (b, n, d))
                    if keep:
                        store(states, (b, segment, n, d), h)
                    for k in range(steps):
                        now = load(step, (k, 0))
                        h = exp2(now * a) * h + load(given, (k, 0)) * spread(B, (b, begin + k, n))
                        store(out, (k, 0), h * spread(C, (b, begin + k, n)) + load(out, (k, 0)))
                    store(final, (b, n, d), h)
                for k in range(steps):
                    store(y, (b, begin + k, d), load(out, (k, 0)))


def scan_backward(
    first: int, last: int, group: int,
    u: Any, delta: Any, A: Any, B: Any, C: Any, D: Any, bias: Any, use_softplus: bool, states: Any, dy: Any,
    du: Any, ddelta: Any, dA: Any, dB: Any, dC: Any, dD: Any, dbias: Any,
) -> None:  # fmt: skip
    """Gradients of the tasks from ``first`` up to ``last``: each segment, from the last, is run again and then back.

    Reads what the forward pass read (``A`` as it is), ``states`` and ``dy (B, L, D)``. Writes ``du, ddelta (B, L, D)``
    and ``dB, dC (G, B, L, N)``, a summand for each group. Adds to ``dA (N, D)``, ``dD (D)`` and ``dbias (D)``, which
    must belong to this thread alone.
    """
    _, length, dim = u.shape
    size, groups = A.shape[0], dim // group
    raw, step, given = scratch(u, SEGMENT), scratch(u, SEGMENT), scratch(u, SEGMENT)
    dout, dstep, dgiven = scratch(u, SEGMENT), scratch(u, SEGMENT), scratch(u, SEGMENT)
    decay, before = scratch(u, 2 * SEGMENT), scratch(u, 2 * SEGMENT)
    lanes_dB, lanes_dC = scratch(u, SEGMENT * size), scratch(u, SEGMENT * size)  # summed over lanes at the end
    dlast = scratch(u, size * (group // lanes(u)))  # gradient of the state after the segment
    for task in range(first, last):
        b, part = task // groups, task % groups
        dlast[:] = 0
        for segment in range((length - 1) // SEGMENT, -1, -1):
            begin = segment * SEGMENT
            steps = min(SEGMENT, length - begin)
            lanes_dB[:] = 0
            lanes_dC[:] = 0
            for d in range(part * group, (part + 1) * group, lanes(u)):
                shift, skip = load(bias, (d,)), load(D, (d,))
                place = (d - part * group) // lanes(u) * size
                for k in range(steps):
                    now = load(delta, (b, begin + k, d)) + shift
                    store(raw, (k, 0), now)
                    if use_softplus:
                        now = softplus(now)
                    store(step, (k, 0), now)
                    store(given, (k, 0), now * load(u, (b, begin + k, d)))
                    store(dout, (k, 0), load(dy, (b, begin + k, d)))
                    store(dstep, (k, 0), zeros(u))
                    store(dgiven, (k, 0), zeros(u))
                for n in range(0, size, 2):  # two states at a time share much of what they load
                    a0, h0 = load(A, (n, d)), load(states, (b, segment, n, d))
                    a1, h1 = load(A, (n + 1, d)), load(states, (b, segment, n + 1, d))
                    exponent0, exponent1 = a0 * LOG2_E, a1 * LOG2_E
                    for k in range(steps):
                        now, taken = load(step, (k, 0)), load(given, (k, 0))
                        factor0, factor1 = exp2(now * exponent0), exp2(now * exponent1)
                        store(decay, (2 * k, 0), factor0)
                        store(decay, (2 * k + 1, 0), factor1)
                        store(before, (2 * k, 0), h0)
                        store(before, (2 * k + 1, 0), h1)
                        h0 = factor0 * h0 + taken * spread(B, (b, begin + k, n))
                        h1 = factor1 * h1 + taken * spread(B, (b, begin + k, n + 1))
                    dh0, da0, row0 = load(dlast, (place + n, 0)), zeros(u), n * SEGMENT
                    dh1, da1, row1 = load(dlast, (place + n + 1, 0)), zeros(u), (n + 1) * SEGMENT
                    for k in range(steps - 1, -1, -1):
                        g, now, taken = load(dout, (k, 0)), load(step, (k, 0)), load(given, (k, 0))
                        dh0 = g * spread(C, (b, begin + k, n)) + dh0
                        dh1 = g * spread(C, (b, begin + k, n + 1)) + dh1
                        store(lanes_dC, (row0 + k, 0), g * h0 + load(lanes_dC, (row0 + k, 0)))
                        store(lanes_dC, (row1 + k, 0), g * h1 + load(lanes_dC, (row1 + k, 0)))
                        store(lanes_dB, (row0 + k, 0), dh0 * taken + load(lanes_dB, (row0 + k, 0)))
                        store(lanes_dB, (row1 + k, 0), dh1 * taken + load(lanes_dB, (row1 + k, 0)))
                        sums = dh0 * spread(B, (b, begin + k, n)) + load(dgiven, (k, 0))
                        store(dgiven, (k, 0), dh1 * spread(B, (b, begin + k, n + 1)) + sums)
                        dh0, h0 = dh0 * load(decay, (2 * k, 0)), load(before, (2 * k, 0))
                        dh1, h1 = dh1 * load(decay, (2 * k + 1, 0)), load(before, (2 * k + 1, 0))
                        dexponent0, dexponent1 = dh0 * h0, dh1 * h1
                        store(dstep, (k, 0), dexponent1 * a1 + (dexponent0 * a0 + load(dstep, (k, 0))))
                        da0 = dexponent0 * now + da0
                        da1 = dexponent1 * now + da1
                    store(dlast, (place + n, 0), dh0)
                    store(dlast, (place + n + 1, 0), dh1)
                    store(dA, (n, d), load(dA, (n, d)) + da0)
                    store(dA, (n + 1, d), load(dA, (n + 1, d)) + da1)
                dskip, dshift = zeros(u), zeros(u)
                for k in range(steps):
                    x, g = load(u, (b, begin + k, d)), load(dout, (k, 0))
                    store(du, (b, begin + k, d), load(dgiven, (k, 0)) * load(step, (k, 0)) + skip * g)
                    dskip = g * x + dskip
                    dnow = load(dgiven, (k, 0)) * x + load(dstep, (k, 0))
                    if use_softplus:
                        dnow = dnow * sigmoid(load(raw, (k, 0)))
                    store(ddelta, (b, begin + k, d), dnow)
                    dshift = dshift + dnow
                store(dD, (d,), load(dD, (d,)) + dskip)
                store(dbias, (d,), load(dbias, (d,)) + dshift)
            for k in range(steps):
                for n in range(size):
                    dB[part, b, begin + k, n] = total(load(lanes_dB, (n * SEGMENT + k, 0)))
                    dC[part, b, begin + k, n] = total(load(lanes_dC, (n * SEGMENT + k, 0)))
