"""Schedules: pure functions of the step."""

from __future__ import annotations

import math

__all__ = ["cosine_between", "mix_seed", "warmup_cosine"]


def warmup_cosine(step: int, steps: int, warmup: float) -> float:
    """Share of the highest rate: a linear rise over ``warmup * steps`` steps, then a cosine to zero.

    Examples
    --------
    >>> [round(warmup_cosine(step, 10, 0.2), 2) for step in (0, 2, 10)]
    [0.5, 1.0, 0.0]
    """
    rising = max(1, round(warmup * steps))
    if step < rising:
        return (step + 1) / rising
    # a Python float: numpy scalars in a checkpoint break its safe loading
    return 0.5 * (1.0 + math.cos(math.pi * min(1.0, (step - rising) / max(1, steps - rising))))


def cosine_between(start: float, end: float, step: int, steps: int) -> float:
    """A value that goes from ``start`` to ``end`` on a half cosine."""
    return end - (end - start) * 0.5 * (1.0 + math.cos(math.pi * min(1.0, step / max(1, steps))))


def mix_seed(*parts: int) -> int:
    """One 63-bit seed from several numbers; neighbouring numbers give unrelated seeds."""
    mixed = 0x9E3779B97F4A7C15
    for part in parts:
        mixed ^= part & 0xFFFFFFFFFFFFFFFF
        mixed = (mixed * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
        mixed ^= mixed >> 31
    return mixed >> 1
