"""Models of statsforecast, fitted to each history anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from benchmarks.zero_shot.windows import LEVELS, Windows

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["CLASSICAL", "CONTEXT", "filled"]

CONTEXT = 512
"""Steps that they are fitted to, as many as the bundled weights read."""
_INNER = (80, 60, 40, 20)
_NAMES = [*(f"lo-{width}" for width in _INNER), "mean", *(f"hi-{width}" for width in reversed(_INNER))]
"""Bounds of the central intervals, which are the quantiles at the levels .1 to .9."""

Row = Callable[["Windows"], "Float[np.ndarray, 'windows horizon levels']"]


def _row(make: Callable[[Any, int], Any]) -> Row:
    def forecast(windows: Windows) -> Float[np.ndarray, "windows horizon levels"]:
        from statsforecast import models  # takes seconds, and the page is made without it

        quantiles = np.empty((len(windows), windows.horizon, len(LEVELS)))
        for one, history in zip(quantiles, windows.recent(CONTEXT), strict=True):
            found = make(models, windows.season).forecast(y=filled(history), h=windows.horizon, level=sorted(_INNER))
            one[:] = np.stack([found[name] for name in _NAMES], axis=1)
        return quantiles

    return forecast


def filled(history: Float[np.ndarray, "time"]) -> Float[np.ndarray, "observed"]:
    """A history from its first value on, its gaps on a line, as these models know no missing values.

    Examples
    --------
    >>> filled(np.array([np.nan, 1.0, np.nan, 3.0, np.nan]))
    array([1., 2., 3., 3.])
    """
    start = int(np.isfinite(history).argmax())
    return pd.Series(history[start:]).interpolate().to_numpy(copy=True)


CLASSICAL: Mapping[str, Row] = {
    "repeat last": _row(lambda models, _: models.Naive()),
    "seasonal naive": _row(lambda models, season: models.SeasonalNaive(season_length=season)),
    "AutoTheta": _row(lambda models, season: models.AutoTheta(season_length=season)),
    "AutoETS": _row(lambda models, season: models.AutoETS(season_length=season)),
}
