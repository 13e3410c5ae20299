"""MASE, CRPS and what a forecast says about changes, of quantile forecasts of many windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from benchmarks.zero_shot.windows import LEVELS, Windows

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["Scores", "judge", "seasonal_scale"]

_COLUMNS = [f"q{level}" for level in LEVELS]
_MEDIAN = _COLUMNS[4]


@dataclass(frozen=True, kw_only=True)
class Scores:
    """What one row reached on one set; lower is better but for ``direction``."""

    windows: int
    mase: float
    """Mean absolute error of the median in units of the seasonal scale: of each series, then the mean over series."""
    crps: float
    """Twice the mean quantile loss over the levels, in the same units; of a forecast without spread it is the MASE."""
    wql: float
    """Twice the mean quantile loss relative to the sum of ``|truth|``, all series together."""
    change_mae: float
    """Mean absolute error of the change of the median from step to step, in shares of the last observed value."""
    change_mse: float
    direction: float
    """Share of windows with the right direction from the last observed value to the last step; NaN if none is told."""


def judge(forecast: Float[np.ndarray, "windows horizon levels"], windows: Windows) -> Scores:
    """Score quantile forecasts at :data:`LEVELS`; steps without truth are left out.

    Series whose seasonal scale is 0, as they are constant before every origin, count in ``wql`` only.
    """
    from utilsforecast.losses import mae, mqloss, scaled_crps  # the page is made without it

    frame, models = _frame(forecast, windows), {"row": _COLUMNS}
    scale = pd.Series(seasonal_scale(windows)).groupby(np.array(windows.series)).mean()
    scale = scale[scale > 0]
    absolute = mae(frame, [_MEDIAN]).set_index("unique_id")[_MEDIAN]
    spread = mqloss(frame, models, np.array(LEVELS)).set_index("unique_id")["row"]
    whole = scaled_crps(frame.assign(unique_id="all"), models, np.array(LEVELS))
    return Scores(
        windows=len(windows),
        mase=float((absolute[scale.index] / scale).mean()),
        crps=float((2 * spread[scale.index] / scale).mean()),
        wql=float(whole["row"].iloc[0]),
        **_changes(forecast[..., len(LEVELS) // 2], windows),
    )


def seasonal_scale(windows: Windows) -> Float[np.ndarray, "windows"]:
    """Mean absolute difference between a history and itself a season before."""
    apart = np.abs(windows.histories[:, windows.season :] - windows.histories[:, : -windows.season])
    known = np.isfinite(apart)
    total = np.where(known, apart, 0.0).sum(axis=1)
    return np.divide(total, known.sum(axis=1), out=np.full(len(windows), np.nan), where=known.any(axis=1))


def _frame(forecast: Float[np.ndarray, "windows horizon levels"], windows: Windows) -> pd.DataFrame:
    truth = windows.truth.reshape(-1)
    frame = pd.DataFrame(forecast.reshape(len(truth), len(LEVELS)), columns=_COLUMNS)
    frame.insert(0, "unique_id", np.repeat(windows.series, windows.horizon))
    frame.insert(1, "y", truth)
    return frame[np.isfinite(truth)]


def _changes(median: Float[np.ndarray, "windows horizon"], windows: Windows) -> dict[str, float]:
    last = np.array([history[np.isfinite(history)][-1] for history in windows.histories])[:, None]
    told, true = (np.concatenate([last, path], axis=1) for path in (median, windows.truth))
    with np.errstate(divide="ignore", invalid="ignore"):  # a series may stand at 0
        errors = (np.diff(told, axis=1) - np.diff(true, axis=1)) / np.abs(last)
    errors = errors[np.isfinite(errors)]
    ways, truths = (np.sign(path[:, -1] - path[:, 0]) for path in (told, true))
    is_told = (ways != 0) & np.isfinite(truths) & (truths != 0)
    return {
        "change_mae": float(np.abs(errors).mean()) if errors.size else np.nan,
        "change_mse": float(np.square(errors).mean()) if errors.size else np.nan,
        "direction": float((ways == truths)[is_told].mean()) if is_told.any() else np.nan,
    }
