"""A DataFrame as plain arrays and a description of them, exactly, with no pickle."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tjepa_estimators.errors import DataError

__all__ = ["Arrays", "arrays_to_frame", "frame_to_arrays"]

Arrays: TypeAlias = dict[str, NDArray[Any]]

_TEXT = ("object", "str", "string")
_END = "."
"""Stands after every text, because an array of texts forgets NUL characters at the end."""


def frame_to_arrays(frame: pd.DataFrame) -> tuple[Arrays, dict[str, Any]]:
    """Numbers, booleans, times (with or without a zone) and text; everything else is refused.

    Returns
    -------
    Arrays that ``numpy.savez`` can hold, and a description that json can.

    Raises
    ------
    DataError
        If :func:`arrays_to_frame` could not give exactly this frame back.

    Examples
    --------
    >>> frame = pd.DataFrame({"x": [1.5, None]}, index=pd.DatetimeIndex(["2024-01-01", "2024-01-02"], name="day"))
    >>> arrays_to_frame(*frame_to_arrays(frame)).equals(frame)
    True
    """
    columns = [frame.index.to_series(), *(frame.iloc[:, place] for place in range(frame.shape[1]))]
    facts: dict[str, Any] = {
        "index": frame.index.name,
        "columns": list(frame.columns),
        "dtypes": [str(column.dtype) for column in columns],
    }
    arrays: Arrays = {}
    try:
        for place, column in enumerate(columns):
            arrays |= _pack(f"c{place}", column)
        facts = json.loads(json.dumps(facts))  # as a file would give it back
        pd.testing.assert_frame_equal(arrays_to_frame(arrays, facts), frame, check_freq=False)
    except (AssertionError, TypeError, ValueError) as error:
        raise DataError(
            f"A frame with columns {facts['columns']} of types {facts['dtypes'][1:]} cannot be kept exactly; expected "
            f"named columns of numbers, booleans, times or text, and one level of index: {error}"
        ) from error
    return arrays, facts


def arrays_to_frame(arrays: Arrays, facts: dict[str, Any]) -> pd.DataFrame:
    """Undo :func:`frame_to_arrays`; only the ``freq`` of the index is not kept."""
    columns = [_unpack(f"c{place}", arrays, dtype) for place, dtype in enumerate(facts["dtypes"])]
    index = pd.Index(columns[0], name=facts["index"])
    frame = pd.DataFrame({place: column.set_axis(index) for place, column in enumerate(columns[1:])}, index=index)
    return frame.set_axis(pd.Index(facts["columns"]), axis=1)


def _pack(key: str, column: pd.Series[Any]) -> Arrays:
    if str(column.dtype) in _TEXT:
        missing = column.isna().to_numpy(dtype=bool)
        return {key: (column.where(~missing, "") + _END).to_numpy(dtype=np.str_), f"{key}_missing": missing}
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return {key: column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()}
    return {key: column.to_numpy()}


def _unpack(key: str, arrays: Arrays, dtype: str) -> pd.Series[Any]:
    values = arrays[key]
    if dtype in _TEXT:
        text = np.array([value[: -len(_END)] for value in values.tolist()], dtype=object)
        text[arrays[f"{key}_missing"]] = None if dtype == "object" else np.nan
        return pd.Series(text, dtype=dtype)
    kind = pd.api.types.pandas_dtype(dtype)
    if isinstance(kind, pd.DatetimeTZDtype):
        return pd.DatetimeIndex(values, tz="UTC").tz_convert(kind.tz).to_series()
    return pd.Series(values)
