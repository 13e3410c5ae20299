"""What a forecaster must beat: repeating the last value, and the last season."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["repeat_last", "seasonal_naive"]


def repeat_last(contexts: Float[np.ndarray, "rows time"], horizon: int) -> Float[np.ndarray, "rows horizon"]:
    """The last observed value of each window, for each step ahead."""
    return seasonal_naive(contexts, horizon, period=1)


def seasonal_naive(
    contexts: Float[np.ndarray, "rows time"], horizon: int, period: int
) -> Float[np.ndarray, "rows horizon"]:
    """The last season of each window, again and again; gaps in it are filled with the season before.

    Examples
    --------
    >>> seasonal_naive(np.array([[9.0, 1.0, 2.0]]), horizon=3, period=2)
    array([[1., 2., 1.]])
    """
    season = contexts[:, -period:].copy()
    for back in range(2, contexts.shape[1] // period + 1):
        if not (missing := np.isnan(season)).any():
            break
        end = contexts.shape[1] - (back - 1) * period
        season = np.where(missing, contexts[:, end - period : end], season)
    return season[:, np.arange(horizon) % period]
