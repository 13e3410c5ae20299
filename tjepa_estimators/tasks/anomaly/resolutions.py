"""Views of a series at several resolutions: what is slow becomes as visible as what is fast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["at_resolution", "choose_resolutions"]

_FACTOR = 4
"""Between neighbouring resolutions: a window of one reaches as far as four of the next finer one."""
_MOST = 3
"""Resolutions that are chosen where none are asked for."""


def at_resolution(values: Float[np.ndarray, "time channels"], factor: int) -> Float[np.ndarray, "blocks channels"]:
    """Average blocks of ``factor`` steps; missing values do not count, and the last block may be shorter.

    Blocks begin at the start of the series, so that further steps change no earlier block but the last.

    Examples
    --------
    >>> at_resolution(np.array([[1.0], [3.0], [np.nan], [5.0], [7.0]]), 2).ravel().tolist()
    [2.0, 5.0, 7.0]
    """
    if factor == 1:
        return values
    starts = np.arange(0, len(values), factor)
    known = ~np.isnan(values)
    total = np.add.reduceat(np.where(known, values, 0.0), starts, axis=0)
    count = np.add.reduceat(known, starts, axis=0, dtype=np.intp)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def choose_resolutions(lengths: Sequence[int], window: int, repeats: int) -> tuple[int, ...]:
    """The series as it is and coarser views, as far as the data hold ``repeats`` of its windows.

    Examples
    --------
    >>> choose_resolutions([5_000], window=64, repeats=4), choose_resolutions([4_000], window=64, repeats=4)
    ((1, 4, 16), (1, 4))
    """
    factors = [_FACTOR**level for level in range(_MOST)]
    return tuple(
        factor
        for factor in factors
        if factor == 1 or (max(lengths) >= factor * window and sum(lengths) >= repeats * factor * window)
    )
