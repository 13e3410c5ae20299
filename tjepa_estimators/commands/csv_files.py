"""Csv files as series: which column is the time, which hold values, and what to do if a column is no good."""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from tjepa_estimators.commands.csv_times import on_grid, read_dates
from tjepa_estimators.data.series import Series
from tjepa_estimators.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jsonargparse import Namespace

__all__ = ["CsvFile", "check_output", "read_csv", "write_csv"]

_STEPS = ("step", "row", "number of the row")
"""Names of the time where a file has none; the first one that is no column."""
_MOSTLY = 0.5
"""Share of numbers from which on a text column is taken for damaged, not for text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvFile:
    """The series of a csv file, and what its columns are called."""

    series: list[Series]
    time: str
    """Name of the time column; ``"step"`` where the file has none, or another one where that is taken."""
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
        if series.index is not None and len(stamps) < 2:
            raise DataError(f"Series {series.name!r} has one row, from which no next time follows; give two or more.")
        spacing = stamps[1:] - stamps[:-1]
        middle = spacing.sort_values()[len(spacing) // 2] if len(spacing) else 1
        return pd.Index([stamps[-1] + (step + 1) * middle for step in range(steps)])

    def matched(self, channels: tuple[str, ...]) -> CsvFile:
        """The same with the columns in the order of others.

        Raises
        ------
        DataError
            The names differ.
        """
        known = self.series[0].channels
        if sorted(known) != sorted(channels):
            raise DataError(f"The columns are {[*known]}, but {[*channels]} in the other file; choose by --columns.")
        places = [known.index(name) for name in channels]
        series = [replace(one, values=one.values[:, places], channels=channels) for one in self.series]
        return replace(self, series=series)

    def check_names(self, columns: Sequence[str]) -> None:
        """Refuse columns of a result that would have the same name.

        Raises
        ------
        DataError
            They have.
        """
        names = [name for name in (self.group, self.time, *columns) if name is not None]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise DataError(f"The result would have several columns named {twice}; rename them in the file.")

    def label(self, table: pd.DataFrame, series: Series, times: pd.Index[Any]) -> pd.DataFrame:
        """Put the time, and the name of the series where there are several, before the columns of a table."""
        # else numbers of times would be rounded as values are
        table.insert(0, self.time, times.astype(object) if times.dtype.kind == "f" else times)
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
    table = _read(Path(path), group)
    for name in (time, group):
        _check_column(table, name, path)
    time = time or _find_time(table, group)
    values = _choose_columns(table, names.split(",") if names else None, {time, group}, path)
    frame = table[values].set_axis(_index(table, time), axis=0)
    parts = [(None, frame)] if group is None else list(frame.groupby(table[group].to_numpy(), sort=False))
    if time is None:  # the steps of each series are counted from zero
        parts = [(name, part.reset_index(drop=True)) for name, part in parts]
    series = [_as_series(part, name, path) for name, part in parts]
    return CsvFile(series=series, time=time or next(name for name in _STEPS if name not in values), group=group)


def write_csv(tables: list[pd.DataFrame], path: str) -> None:
    """Write the rows of all tables into one file; folders on the way are made."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    pd.concat(tables).to_csv(target, index=False, float_format="%.9g")


def check_output(path: str, *inputs: str | None) -> None:
    """Refuse a file that cannot be written to or that is read, before anything is computed.

    Raises
    ------
    DataError
        It is a folder or one of the inputs.
    """
    target = Path(path)
    if target.is_dir():
        raise DataError(f"--output {path!r} is a folder; give the name of a file in it.")
    if target.exists() and any(target.samefile(one) for one in inputs if one is not None and Path(one).exists()):
        raise DataError(f"--output {path!r} is the file that is read; give another one.")


def _read(path: Path, group: str | None) -> pd.DataFrame:
    if not path.is_file():
        found = sorted(file.name for file in path.parent.glob("*.csv*")) if path.parent.is_dir() else []
        hint = "".join(f" Did you mean {match!r}?" for match in get_close_matches(path.name, found, n=1))
        raise DataError(f"There is no file {str(path)!r}.{hint} Give the path of a csv file.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # of rows that are longer than the header
            # names stay as they are written: 007 and NA are names too
            names = {} if group is None else {group: str.strip}
            table = pd.read_csv(path, converters=names, index_col=False, low_memory=False)
    except (ValueError, UnicodeDecodeError, EOFError, OSError, pd.errors.ParserWarning) as error:
        raise DataError(f"{str(path)!r} cannot be read as csv: {error} Give a comma-separated file.") from error
    if len(table.columns) == 1 and any(mark in str(table.columns[0]) for mark in ";\t"):
        raise DataError(
            f"{str(path)!r} has one column, {table.columns[0]!r}; separate columns by commas, and write decimals with "
            "points."
        )
    if not len(table):
        raise DataError(f"{str(path)!r} has no rows; give a file with observations.")
    if group in table and (table[group] == "").any():
        row = int((table[group] == "").to_numpy().argmax())
        raise DataError(f"Column {group!r} tells series apart, but row {row + 2} of the file has none; fill it in.")
    return table


def _check_column(table: pd.DataFrame, name: str | None, path: str | Path) -> None:
    if name is None or name in table:
        return
    known = [str(column) for column in table.columns]
    hint = "".join(f" Did you mean {match!r}?" for match in get_close_matches(name, known, n=1))
    raise DataError(f"{str(path)!r} has no column {name!r}.{hint} It has: {', '.join(known)}.")


def _find_time(table: pd.DataFrame, group: str | None) -> str | None:
    """The first column, if it is text that can be read as dates."""
    first = next((column for column in table.columns if column != group), None)
    is_text = first is not None and not pd.api.types.is_numeric_dtype(table[first])
    return str(first) if is_text and read_dates(table[first]) is not None else None


def _index(table: pd.DataFrame, time: str | None) -> pd.Index[Any]:
    if time is None:
        return pd.RangeIndex(len(table))
    if table[time].isna().any():
        row = int(table[time].isna().to_numpy().argmax())
        raise DataError(f"Column {time!r} holds the times, but row {row + 2} of the file has none; fill it in.")
    dates = read_dates(table[time])
    if dates is not None:
        return dates
    if pd.api.types.is_numeric_dtype(table[time]):
        return pd.Index(table[time])
    raise DataError(f"Column {time!r} holds neither dates nor numbers; write dates as in 2024-12-31 13:00.")


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
    frame = on_grid(frame)
    return Series(frame.to_numpy(float), frame.index, Path(path).name if name is None else name, tuple(frame.columns))
