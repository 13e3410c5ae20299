"""Controlled time series: exogenous inputs are actions, windows of the rest are observations."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tjepa_estimators.errors import DataError
from tjepa_world.trajectories import Trajectories

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jaxtyping import Float

__all__ = ["trajectories_from_frame"]


def trajectories_from_frame(
    frame: pd.DataFrame, observed: Sequence[str], actions: Sequence[str], *, window: int = 1, length: int | None = None
) -> Trajectories:
    """Cut a table into trajectories; the input in a row acts on what is observed in the next one.

    Parameters
    ----------
    frame
        Rows in the order of time, on a regular grid. A row with a missing input ends a trajectory; rows that are
        missing themselves have to be put in, such as by ``frame.asfreq(...)``.
    observed
        Columns of what is to be predicted; NaN marks a missing value.
    actions
        Columns of what was set from outside.
    window
        Rows that make an observation: it is ``[window, observed]``, or ``[observed]`` for a single row. The encoder
        must read such windows: one with the tokenizer ``"vectors"`` knows their level, one of series does not, as it
        normalises each window by itself.
    length
        Steps after which a trajectory ends; None cuts at missing inputs only.

    Raises
    ------
    DataError
        Columns are missing or hold no numbers, times are not regular, or there is no stretch of ``window + 1`` rows.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"heat": [0.0, 1.0, 1.0, 0.0, 0.0], "room": [18.0, 18.0, 19.0, 20.0, 19.5]})
    >>> found = trajectories_from_frame(table, ["room"], ["heat"], window=2)
    >>> found.observations[0].shape, found.actions[0].ravel().tolist()
    ((4, 2, 1), [1.0, 1.0, 0.0])
    """
    unknown = [name for name in (*observed, *actions) if name not in frame]
    if unknown or not observed or not actions or window < 1 or (length is not None and length < 1):
        msg = (
            f"columns {unknown} are not in the table; observed={list(observed)} and actions={list(actions)} must name "
            f"at least one of {list(frame)} each, and window={window} and length={length} be at least 1."
        )
        raise DataError(msg)
    _check_times(frame.index)
    seen, done = _numbers(frame, observed), _numbers(frame, actions)
    windows = np.lib.stride_tricks.sliding_window_view(seen, window, axis=0) if len(seen) >= window else seen[:0]
    parts = [part for part in _stretches(done, window, length) if part[1] - part[0] >= window]
    if not parts:
        msg = f"The table of {len(frame)} rows holds no {window + 1} rows in a row with known inputs; lower window."
        raise DataError(msg)
    observations, inputs = [], []
    for first, last in parts:  # rows of the stretch, the last one only observed
        whole = np.moveaxis(windows[first : last - window + 2], 1, 2)
        observations.append(np.ascontiguousarray(whole[:, 0] if window == 1 else whole))
        inputs.append(done[first + window - 1 : last])
    return Trajectories(observations, inputs)


def _numbers(frame: pd.DataFrame, columns: Sequence[str]) -> Float[np.ndarray, "rows columns"]:
    try:
        return frame[list(columns)].to_numpy(np.float32, na_value=np.nan)
    except (TypeError, ValueError) as error:
        msg = f"columns {list(columns)} must hold numbers, but are {frame[list(columns)].dtypes.to_dict()}: {error}."
        raise DataError(msg) from error


def _check_times(index: pd.Index) -> None:
    """Refuse times that are out of order or left out; rows of another index are taken as they come."""
    if not isinstance(index, pd.DatetimeIndex | pd.PeriodIndex):
        return
    if not (index.is_monotonic_increasing and index.is_unique):
        raise DataError("The times do not increase; sort the table by frame.sort_index() and drop what is double.")
    if isinstance(index, pd.PeriodIndex):
        is_regular = index.equals(pd.period_range(index[0], periods=len(index), freq=index.freq))
    else:
        is_regular = index.freq is not None or len(index) < 3 or pd.infer_freq(index) is not None
    if not is_regular:
        raise DataError("The times leave some out; put these rows in as NaN, such as by frame.asfreq(...).")


def _stretches(done: np.ndarray, window: int, length: int | None) -> list[tuple[int, int]]:
    """First and last row of each trajectory."""
    unknown = np.flatnonzero(~np.isfinite(done).all(axis=1))
    found = []
    # a row whose input is unknown is still observed: it ends one stretch, and the next begins after it
    for before, after in pairwise([-1, *unknown.tolist(), len(done)]):
        first, last = before + 1, min(after, len(done) - 1)
        while last - first >= window:
            end = last if length is None else min(last, first + window - 1 + length)
            found.append((first, end))
            first = end - window + 1
            if end == last:
                break
    return found
