"""The causal convolution of each channel, with bias and SiLU in one go, as numba kernels.

See :func:`~tjepa_estimators.nn.scan.reference.causal_conv1d_reference` for what they compute, and
:mod:`~tjepa_estimators.nn.scan.scan_kernel` for tasks and lanes.

Shapes: B batch, L length, D channels (a multiple of the lanes), K width of the convolution.
"""

from __future__ import annotations

from typing import Any

from tjepa_estimators.nn.scan.scan_kernel import SEGMENT, scratch
from tjepa_estimators.nn.scan.vectors import lanes, load, sigmoid, store, zeros

__all__ = ["conv_backward", "conv_forward"]


def conv_forward(
    first: int, last: int, group: int, x: Any, weight: Any, bias: Any, use_silu: bool, y: Any
) -> None:  # fmt: skip
    """Read ``x (B, L, D)``, ``weight (K, D)`` and ``bias (D)``; write ``y (B, L, D)``."""
    _, length, dim = x.shape
    width, groups = weight.shape[0], dim // group
    for task in range(first, last):
        b, start = task // groups, task % groups * group
        for t in range(length):
            for d in range(start, start + group, lanes(x)):
                out = load(bias, (d,))
                for k in range(max(0, width - 1 - t), width):
                    out = load(x, (b, t + k - width + 1, d)) * load(weight, (k, d)) + out
                store(y, (b, t, d), out * sigmoid(out) if use_silu else out)


def conv_backward(
    first: int, last: int, group: int, x: Any, weight: Any, bias: Any, use_silu: bool, dy: Any,
    dx: Any, dweight: Any, dbias: Any,
) -> None:  # fmt: skip
    """Write ``dx (B, L, D)``; add to ``dweight (K, D)`` and ``dbias (D)``, which must belong to this thread alone.

    A segment of steps at a time, from the last: the gradient of a step reaches the K - 1 steps before it.
    """
    _, length, dim = x.shape
    width, groups = weight.shape[0], dim // group
    reach = width - 1
    given = scratch(x, SEGMENT + reach)  # the inputs of a segment and of the steps before it
    rows = SEGMENT + reach
    dout = scratch(x, rows * (group // lanes(x)))  # before the activation: of a segment and of the steps after it
    for task in range(first, last):
        b, start = task // groups, task % groups * group
        dout[:] = 0
        for segment in range((length - 1) // SEGMENT, -1, -1):
            begin = segment * SEGMENT
            steps = min(SEGMENT, length - begin)
            for d in range(start, start + group, lanes(x)):
                place = (d - start) // lanes(x) * rows
                for k in range(reach):
                    store(dout, (place + steps + k, 0), load(dout, (place + k, 0)))
                for t in range(-reach, steps):
                    store(given, (t + reach, 0), load(x, (b, begin + t, d)) if begin + t >= 0 else zeros(x))
                sums = zeros(x)
                for t in range(steps):
                    gradient = load(dy, (b, begin + t, d))
                    if use_silu:
                        out = load(bias, (d,))
                        for k in range(width):
                            out = load(given, (t + k, 0)) * load(weight, (k, d)) + out
                        share = sigmoid(out)
                        gradient = gradient * (share + out * share * (zeros(x) + 1.0 - share))
                    store(dout, (place + t, 0), gradient)
                    sums = sums + gradient
                store(dbias, (d,), load(dbias, (d,)) + sums)
                for k in range(width):
                    sums = zeros(x)
                    for t in range(steps):
                        sums = load(dout, (place + t, 0)) * load(given, (t + k, 0)) + sums
                    store(dweight, (k, d), load(dweight, (k, d)) + sums)
                for t in range(steps):
                    back = zeros(x)
                    for k in range(width):
                        back = load(dout, (place + t + reach - k, 0)) * load(weight, (k, d)) + back
                    store(dx, (b, begin + t, d), back)
