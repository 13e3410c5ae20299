"""Computed bars of coins that never were: a sample that may be shipped."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["computed_bars"]


def computed_bars(seed: int, *, price: float, steps: int = 512) -> pd.DataFrame:
    """Daily bars of a price whose volatility comes in clusters, as that of coins does.

    A GARCH(1, 1) walk with Student-t shocks, 24 steps a day; volume grows with the size of the moves. No market is
    behind it.

    Parameters
    ----------
    seed
        The same seed gives the same bars.
    price
        Where it begins.
    steps
        Days.

    Examples
    --------
    >>> bars = computed_bars(0, price=100.0)
    >>> bool((bars["low"] <= bars["close"]).all() and (bars["close"] <= bars["high"]).all())
    True
    """
    rng = np.random.default_rng(seed)
    moves = _clustered(rng.standard_t(5, size=steps * 24) / np.sqrt(5 / 3))
    hours = price * np.exp(np.cumsum(moves)).reshape(steps, 24)
    opens = np.concatenate([[price], hours[:-1, -1]])
    volume = np.exp(7 + 40 * np.abs(moves).reshape(steps, 24).mean(axis=1) + 0.2 * rng.standard_normal(steps))
    columns = {
        "open": opens,
        "high": np.maximum(hours.max(axis=1), opens),
        "low": np.minimum(hours.min(axis=1), opens),
        "close": hours[:, -1],
        "volume": volume,
    }
    return pd.DataFrame(columns, index=pd.date_range("2022-01-01", periods=steps, freq="D", name="time"))


def _clustered(shocks: np.ndarray[tuple[int], np.dtype[np.float64]]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    usual = 0.006**2
    moves, variance = np.empty_like(shocks), usual
    for step, shock in enumerate(shocks):
        moves[step] = np.sqrt(variance) * shock
        variance = 0.02 * usual + 0.08 * moves[step] ** 2 + 0.9 * variance
    return moves
