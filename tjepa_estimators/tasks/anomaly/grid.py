"""Where the windows of a series end, and which steps speak of which window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float, Int

__all__ = ["cut_windows", "window_ends"]


def window_ends(length: int, window: int, stride: int) -> Int[np.ndarray, "windows"]:
    """Ends of windows that cover ``length`` steps: the first whole one, then each ``stride``, then the last step.

    Counted from the start, so that further steps change no earlier window. Too short a series has one window.

    Examples
    --------
    >>> window_ends(21, window=8, stride=4).tolist(), window_ends(5, window=8, stride=4).tolist()
    ([8, 12, 16, 20, 21], [5])
    """
    ends = np.arange(window, length + 1, stride)
    return ends if len(ends) and ends[-1] == length else np.append(ends, length)


def cut_windows(
    values: Float[np.ndarray, "time channels"], ends: Int[np.ndarray, "windows"], window: int
) -> Float[np.ndarray, "windows window channels"]:
    """Windows with these ends, padded with NaN on the left where they reach beyond the start.

    Examples
    --------
    >>> cut_windows(np.arange(3.0)[:, None], np.array([1, 3]), window=2)[..., 0].tolist()
    [[nan, 0.0], [1.0, 2.0]]
    """
    steps = ends[:, None] + np.arange(-window, 0)
    return np.where((steps >= 0)[..., None], values[np.maximum(steps, 0)], np.nan)
