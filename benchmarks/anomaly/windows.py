"""Windows of a series, and scores of windows as scores of steps: the same for all rivals that look at raw values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["MOST_WINDOWS", "WINDOW", "over_steps", "some", "windows"]

WINDOW = 32
"""Steps; as many as our own detector looks at."""
MOST_WINDOWS = 5000
"""Training windows; a random subset where there are more."""


def windows(values: Float[np.ndarray, "time channels"]) -> Float[np.ndarray, "windows values"]:
    """All windows, with their channels side by side; in single precision, since there are many."""
    views = np.lib.stride_tricks.sliding_window_view(values.astype(np.float32), WINDOW, axis=0)
    return views.reshape(len(views), -1)


def some(train: Float[np.ndarray, "windows values"], seed: int) -> Float[np.ndarray, "some values"]:
    """At most as many windows as a detector learns from."""
    if len(train) <= MOST_WINDOWS:
        return train
    return train[np.random.default_rng(seed).choice(len(train), MOST_WINDOWS, replace=False)]


def over_steps(scores: Float[np.ndarray, "windows"]) -> Float[np.ndarray, "time"]:
    """For each step the mean over the windows that cover it.

    Examples
    --------
    >>> over_steps(np.array([1.0, 3.0]))[[0, 1, -1]].tolist()
    [1.0, 2.0, 3.0]
    """
    ones = np.ones(WINDOW)
    return np.convolve(scores, ones) / np.convolve(np.ones(len(scores)), ones)
