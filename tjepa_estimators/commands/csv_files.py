"""Csv files as series: which column is the time, which hold values, and what to do if a column is no good."""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from tjepa_estimators.data.series import Series
from tjepa_estimators.errors import DataError

if TYPE_CHECKING:
    from jsonargparse import Namespace

__all__ = ["CsvFile", "read_csv", "write_csv"]

_STEP = "step"
_MOSTLY = 0.5
"""Share of numbers from which on a text column is taken for damaged, not for text."""

_SPARSE = 10
"""Steps of a grid per row from which on it would be nearly empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvFile:
    """The series of a csv file, and what its columns are called."""

    series: list[Series]
    time: str
    """Name of the time column; ``"step"`` where the file has none."""
    group: str | None = None
    """Name of the column that tells the series apart."""

    def stamps(self, series: Series) -> pd.Index[Any]:
        """The time of each step of a series."""
        return pd.RangeIndex(len(series)) if series.index is None else pd.Index(series.index)

    def future(self, series: Series, steps: int) -> pd.Index[Any]:
        """The times of the ``steps`` steps after the end of a series."""
        stamps = self.stamps(series)
        if isinstance(stamps, pd.DatetimeIndex) and stamps.freq is not None:
            return pd.date_range(stamps[-1], periods=steps + 1, freq=stamps.freq)[1:]
        spacing = stamps[1:] - stamps[:-1]
        middle = spacing.sort_values()[len(spacing) // 2] if len(spacing) else 1
        return pd.Index([stamps[-1] + (step + 1) * middle for step in range(steps)])

    def label(self, table: pd.DataFrame, series: Series, times: pd.Index[Any]) -> pd.DataFrame:
        """Put the time, and the name of the series where there are several, before the columns of a table."""
        table.insert(0, self.time, times)
        if self.group is not None:
            table.insert(0, self.group, [series.name] * len(table))
        return table


def read_csv(path: str | Path, columns: Namespace | None = None) -> CsvFile:
    """Read the series of a csv file, which may be packed (``.gz``, ``.zip``, ...).

    Times are put on their regular grid, if they have one; steps that the file leaves out are missing values.

    Parameters
    ----------
    path
        The file.
    columns
        The options ``time``, ``columns`` and ``group``; None finds them out.

    Raises
    ------
    DataError
        The file cannot be read, a column is not there, or a value column is not numeric.
    """
    time, names, group = (None, None, None) if columns is None else (columns.time, columns.columns, columns.group)
    table = _read(Path(path))
    for name in (time, group):
        _check_column(table, name, path)
    time = time or _find_time(table, group)
    values = _choose_columns(table, names.split(",") if names else None, {time, group}, path)
    frame = table[values].set_axis(_index(table, time), axis=0)
    parts = [(None, frame)] if group is None else list(frame.groupby(table[group].to_numpy(), sort=False))
    if time is None:  # the steps of each series are counted from zero
        parts = [(name, part.reset_index(drop=True)) for name, part in parts]
    series = [_as_series(part, name, path) for name, part in parts]
    return CsvFile(series=series, time=time or _STEP, group=group)


def write_csv(tables: list[pd.DataFrame], path: str) -> None:
    """Write the rows of all tables into one file; folders on the way are made."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    pd.concat(tables).to_csv(target, index=False, float_format="%.6g")


def _read(path: Path) -> pd.DataFrame:
    if not path.is_file():
        found = sorted(file.name for file in path.parent.glob("*.csv*")) if path.parent.is_dir() else []
        hint = "".join(f" Did you mean {match!r}?" for match in get_close_matches(path.name, found, n=1))
        raise DataError(f"There is no file {str(path)!r}.{hint} Give the path of a csv file.")
    try:
        table = pd.read_csv(path)
    except (ValueError, UnicodeDecodeError, EOFError, OSError) as error:
        raise DataError(f"{str(path)!r} cannot be read as csv: {error} Give a comma-separated file.") from error
    if not len(table):
        raise DataError(f"{str(path)!r} has no rows; give a file with observations.")
    return table


def _check_column(table: pd.DataFrame, name: str | None, path: str | Path) -> None:
    if name is None or name in table:
        return
    known = [str(column) for column in table.columns]
    hint = "".join(f" Did you mean {match!r}?" for match in get_close_matches(name, known, n=1))
    raise DataError(f"{str(path)!r} has no column {name!r}.{hint} It has: {', '.join(known)}.")


def _find_time(table: pd.DataFrame, group: str | None) -> str | None:
    """The first column, if it is text that can be read as dates."""
    first = next(column for column in table.columns if column != group)
    is_text = not pd.api.types.is_numeric_dtype(table[first])
    return str(first) if is_text and _dates(table[first]) is not None else None


def _index(table: pd.DataFrame, time: str | None) -> pd.Index[Any]:
    if time is None:
        return pd.RangeIndex(len(table))
    if pd.api.types.is_numeric_dtype(table[time]):
        return pd.Index(table[time])
    dates = _dates(table[time])
    if dates is None:
        raise DataError(f"Column {time!r} holds neither dates nor numbers; write dates as in 2024-12-31 13:00.")
    return dates


def _dates(column: pd.Series[Any]) -> pd.DatetimeIndex | None:
    """Stamps without a zone (those with one become UTC), or None where one of them is no date."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # pandas guesses day and month anew for each cell
            return pd.DatetimeIndex(pd.to_datetime(column, utc=True)).tz_localize(None)
    except (ValueError, TypeError, UserWarning):
        return None


def _choose_columns(
    table: pd.DataFrame, names: list[str] | None, taken: set[str | None], path: str | Path
) -> list[str]:
    for name in names or ():
        _check_column(table, name, path)
    wanted = [str(column) for column in table.columns if column not in taken] if names is None else names
    chosen = [name for name in wanted if _is_numeric(table, name, demanded=names is not None)]
    if not chosen:
        raise DataError(
            f"{str(path)!r} has no numeric column beside {sorted(filter(None, taken))}; give a table of numbers."
        )
    left_out = [name for name in wanted if name not in chosen]
    if left_out:
        sys.stderr.write(f"text columns are left out: {', '.join(left_out)} (--group or --columns say what they are)\n")
    return chosen


def _is_numeric(table: pd.DataFrame, name: str, *, demanded: bool) -> bool:
    """Whether a column holds numbers; an error if it should, because it was asked for or mostly does."""
    column = table[name]
    if pd.api.types.is_numeric_dtype(column):
        return True
    bad = pd.to_numeric(column, errors="coerce").isna() & column.notna()
    if demanded or bad.mean() < 1 - _MOSTLY:
        row = int(bad.to_numpy().argmax())
        raise DataError(
            f"Column {name!r} is not numeric: row {row + 2} of the file holds {column.iloc[row]!r}. "
            "Correct or empty that cell, or choose other columns with --columns."
        )
    return False


def _as_series(frame: pd.DataFrame, name: Any, path: str | Path) -> Series:  # noqa: ANN401 - whatever the cell holds
    frame = frame.sort_index(kind="stable")
    if not frame.index.is_unique:
        twice = frame.index[frame.index.duplicated()][0]
        raise DataError(
            f"{str(path)!r} has several rows for the time {twice}; name the column that tells its series apart "
            "with --group, or drop the duplicates."
        )
    frame = _on_grid(frame)
    return Series(frame.to_numpy(float), frame.index, Path(path).name if name is None else name, tuple(frame.columns))


def _on_grid(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows at regular times, with missing values where there was no row; as it is where there is no grid."""
    if not isinstance(frame.index, pd.DatetimeIndex) or len(frame) < 3:
        return frame
    frequency = pd.infer_freq(frame.index) or _grid_step(frame.index)
    return frame if frequency is None else frame.asfreq(frequency)


def _grid_step(stamps: pd.DatetimeIndex) -> str | pd.offsets.BaseOffset | None:
    """The most common distance of stamps, if all of them lie on the grid that it makes."""
    step = stamps.to_series().diff().mode()[0]
    if step == pd.Timedelta(days=1) and stamps.dayofweek.max() < 5:
        return "B"
    is_sparse = (stamps[-1] - stamps[0]) / step > _SPARSE * len(stamps)
    return (
        None if is_sparse or ((stamps - stamps[0]) % step).to_numpy().any() else pd.tseries.frequencies.to_offset(step)
    )
