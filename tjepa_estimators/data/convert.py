"""What users hold (arrays, pandas frames, Darts series, domains) as a list of ``Series``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from tjepa_estimators.contracts import DataDomain
from tjepa_estimators.data.series import Series
from tjepa_estimators.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["as_series"]

_ACCEPTED = (
    "a Series; a numpy array of shape (time,), (time, channels) or (series, time, channels); a pandas Series or "
    "DataFrame, with a MultiIndex for a panel; a Darts TimeSeries; a data domain; or a list of these"
)


def as_series(data: object) -> list[Series]:
    """Bring whatever container the user has into a list of series.

    Parameters
    ----------
    data
        A :class:`Series`; an array of shape (time,), (time, channels) or (series, time, channels); a pandas Series
        or DataFrame, whose MultiIndex levels but the last, if there are any, name the series (sktime's panel and
        hierarchical frames); a Darts ``TimeSeries``; a data domain, which gives its training split; or a list or
        tuple of these. Series may differ in length and in number of channels.

    Returns
    -------
    list of Series
        In the order of ``data``; the series of a panel in order of first appearance. Arrays are shared with
        ``data`` where their type allows it.

    Raises
    ------
    DataError
        If ``data`` is of another type, holds no series, or holds one that cannot be used.

    Examples
    --------
    >>> import numpy as np
    >>> [series.values.shape for series in as_series([np.zeros(5), np.zeros((3, 8, 2))])]
    [(5, 1), (8, 2), (8, 2), (8, 2)]
    """
    if isinstance(data, list | tuple):
        return _from_list(data)
    if isinstance(data, Series):
        return [data]
    if isinstance(data, np.ndarray):
        return [Series(values) for values in data] if data.ndim == 3 and len(data) else [Series(data)]
    if _is_pandas(data):
        return _from_pandas(data)
    if _is_darts(data):
        return [_from_darts(data)]
    if isinstance(data, DataDomain):
        return list(data.series("train"))
    raise DataError(f"cannot read series from {type(data).__name__}; expected {_ACCEPTED}: convert it to one of these")


def _from_list(data: Sequence[object]) -> list[Series]:
    if not data:
        raise DataError(f"an empty {type(data).__name__} was given; expected at least one series: {_ACCEPTED}")
    return [series for item in data for series in as_series(item)]


def _is_pandas(data: object) -> TypeGuard[pd.DataFrame | pd.Series[Any]]:
    pandas = sys.modules.get("pandas")  # nobody can hold a frame without having imported pandas
    return pandas is not None and isinstance(data, pandas.DataFrame | pandas.Series)


def _from_pandas(data: pd.DataFrame | pd.Series[Any]) -> list[Series]:
    import pandas as pd

    if isinstance(data, pd.DataFrame):
        return _from_frame(data, None, tuple(str(column) for column in data.columns))
    return _from_frame(data.to_frame(), data.name, () if data.name is None else (str(data.name),))


def _from_frame(frame: pd.DataFrame, name: Hashable | None, channels: tuple[str, ...]) -> list[Series]:
    values = _numbers(frame)
    if frame.index.nlevels == 1:
        return [Series(values, frame.index, name, channels)]
    if not len(frame):
        raise DataError("the panel is empty; expected at least one row: pass a frame with observations")
    return _split_panel(values, frame.index, channels)


def _numbers(frame: pd.DataFrame) -> NDArray[Any]:
    """Read the cells as floats; single precision only where every column has it."""
    other = [str(name) for name, dtype in frame.dtypes.items() if not _is_real(dtype)]
    if other:
        raise DataError(
            f"columns {other} are no real numbers; expected numeric columns only: "
            "drop them, encode them, or convert them with pandas.to_numeric"
        )
    single = all(str(dtype) in {"float32", "Float32"} for dtype in frame.dtypes)
    return frame.to_numpy(dtype=np.float32 if single else np.float64, na_value=np.nan)


def _is_real(dtype: Any) -> bool:  # noqa: ANN401 - numpy's dtypes and pandas' extension dtypes share no base class
    return getattr(dtype, "kind", "O") in "biuf"


def _split_panel(values: NDArray[Any], index: Any, channels: tuple[str, ...]) -> list[Series]:  # noqa: ANN401 - stubs lack MultiIndex.codes
    """One series for each combination of all index levels but the last, without a pandas groupby.

    Two thousand instances of a hundred steps take 0.04 s; converting the groups of a groupby one by one takes 0.4 s.
    """
    groups = _number_instances(index)
    if np.any(groups[1:] < groups[:-1]):
        order = np.argsort(groups, kind="stable")
        values, index, groups = values[order], index[order], groups[order]
    starts = np.flatnonzero(np.diff(groups, prepend=-1))
    stops = np.append(starts[1:], len(groups))
    keys = index[starts].droplevel(-1).tolist()
    times = index.get_level_values(-1)
    return [
        Series(values[start:stop], times[start:stop], key, channels)
        for key, start, stop in zip(keys, starts.tolist(), stops.tolist(), strict=True)
    ]


def _number_instances(index: Any) -> NDArray[np.int64]:  # noqa: ANN401 - stubs lack MultiIndex.codes
    """For each row the number of its instance, counted in order of first appearance."""
    rows = np.zeros(len(index), np.int64)
    for codes, level in zip(index.codes[:-1], index.levels[:-1], strict=True):
        rows = rows * (len(level) + 1) + np.asarray(codes, np.int64) + 1  # codes are -1 where the key is missing
    _, first, inverse = np.unique(rows, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse]


def _is_darts(data: object) -> bool:
    """Recognize a Darts TimeSeries by what it offers: Darts is too heavy, and optional, to be imported."""
    return callable(getattr(data, "values", None)) and all(
        hasattr(data, name) for name in ("time_index", "components", "static_covariates")
    )


def _from_darts(data: Any) -> Series:  # noqa: ANN401 - see _is_darts
    if getattr(data, "n_samples", 1) > 1:
        raise DataError(
            f"a stochastic TimeSeries of {data.n_samples} samples was given; expected one sample: "
            "reduce it first, for example with series.mean(axis=2) or series.median(axis=2)"
        )
    return Series(
        data.values(copy=False),
        data.time_index,
        channels=tuple(str(component) for component in data.components),
        static=_static_facts(data.static_covariates),
    )


def _static_facts(table: pd.DataFrame | None) -> dict[str, float | str] | None:
    """Flatten a table of static covariates: one row for the whole series, or one for each component."""
    if table is None or table.empty:
        return None
    if len(table) == 1:
        return {str(fact): value for fact, value in table.iloc[0].to_dict().items()}
    return {f"{fact}[{row}]": value for row, facts in table.to_dict("index").items() for fact, value in facts.items()}
