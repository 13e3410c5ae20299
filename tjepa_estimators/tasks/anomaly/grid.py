"""Where the windows of a series end, and which steps speak of which window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float, Int

__all__ = ["cut_windows", "window_ends"]


def window_ends(
    length: int, window: int, stride: int, *, after: int = 0, is_last: bool = True
) -> Int[np.ndarray, "windows"]:
    """Ends of windows that cover ``length`` steps: the first whole one, then each ``stride``, then the last step.

    Counted from the start, so that further steps change no earlier window. Too short a series has one window.

    Parameters
    ----------
    length, window, stride
        In steps.
    after
        The last of the ends that are known already, 0 if none is; costs nothing, however far from the start.
    is_last
        Whether the series ends here, so that its last step needs a window.

    Examples
    --------
    >>> window_ends(21, window=8, stride=4).tolist(), window_ends(5, window=8, stride=4).tolist()
    ([8, 12, 16, 20, 21], [5])
    >>> window_ends(21, window=8, stride=4, after=12, is_last=False).tolist()
    [16, 20]
    """
    ends = np.arange(after + stride if after else window, length + 1, stride)
    is_covered = length == (ends[-1] if len(ends) else after)
    return ends if is_covered or not is_last else np.append(ends, length)


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
