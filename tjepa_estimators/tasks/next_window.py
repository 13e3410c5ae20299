"""A labelled series as rows for predicting anomalies: a window, and whether the next one is abnormal."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tjepa_estimators.errors import DataError

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int
    from numpy.typing import ArrayLike

__all__ = ["NextWindowRows", "next_window_rows"]


class NextWindowRows(NamedTuple):
    """Windows, what the next ones hold, and what they hold themselves."""

    X: Float[np.ndarray, "rows features"]
    """Windows of shape (time, channels), flattened."""
    y: Int[np.ndarray, "rows"]
    """1 where the next window holds an anomaly."""
    current: Bool[np.ndarray, "rows"]
    """Whether the row's own window holds one: predicting the next is then but persistence."""


def next_window_rows(values: ArrayLike, labels: ArrayLike, window: int, stride: int | None = None) -> NextWindowRows:
    """Cut one series into windows, each labelled by the window that follows it.

    Parameters
    ----------
    values
        ``[time channels]``, or ``[time]`` for one channel.
    labels
        ``[time]``, not zero where a step is abnormal.
    window
        Steps of a window. The next window begins where it ends.
    stride
        Steps between windows; ``window`` if None, so that they do not overlap.

    Raises
    ------
    DataError
        Values and labels do not fit, or the series is shorter than two windows.

    Examples
    --------
    >>> labels = [0, 0, 0, 0, 0, 1, 0, 0]
    >>> rows = next_window_rows(np.arange(8.0), labels, window=2)
    >>> rows.X.tolist(), rows.y.tolist(), rows.current.tolist()
    ([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]], [0, 1, 0], [False, False, True])
    """
    array, marks = np.asarray(values, dtype=np.float64), np.asarray(labels)
    array = array[:, None] if array.ndim == 1 else array
    step = window if stride is None else stride
    if array.ndim != 2 or marks.shape != array.shape[:1]:
        msg = f"Expected values [time channels] and labels [time], but got shapes {array.shape} and {marks.shape}."
        raise DataError(msg)
    if min(window, step) < 1 or len(array) < 2 * window:
        msg = (
            f"Cannot cut {len(array)} steps into windows of {window}, {step} apart; window and stride must be at "
            "least 1, and the series must hold a window and the next one."
        )
        raise DataError(msg)
    starts = np.arange(0, len(array) - 2 * window + 1, step)
    abnormal = np.any(np.lib.stride_tricks.sliding_window_view(marks != 0, window), axis=1)
    rows = np.stack([array[start : start + window].ravel() for start in starts])
    return NextWindowRows(rows, abnormal[starts + window].astype(int), abnormal[starts])
