"""Times of csv files: from cells to stamps, and from stamps to a regular grid."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tjepa_estimators.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["on_grid", "read_dates"]

_SPARSE = 10
"""Steps of a grid per row from which on it would be nearly empty."""
_MOSTLY = 0.5
"""Share of dates from which on a column is taken for damaged, not for text."""
_DAY_AND_MONTH = r"\s*(?P<first>\d{1,2})(?P<between>[/.-])(?P<second>\d{1,2})(?P=between)(?P<year>\d{4})(?!\d)"


def read_dates(column: pd.Series[Any]) -> pd.DatetimeIndex | None:
    """Stamps without a zone (those with one become UTC), or None where they are no dates.

    Whole numbers are dates if each of them is one, as in 20241231. In 01.02.2024 the day comes first; in 01/02/2024 the
    other cells must tell.

    Raises
    ------
    DataError
        Most cells are dates and one is not, or days and months could change places.
    """
    if pd.api.types.is_numeric_dtype(column):
        whole = pd.api.types.is_integer_dtype(column)
        return _parsed(column.astype(str), "%Y%m%d") if whole and column.between(10**7, 10**8).all() else None
    is_numbers = column.dropna().astype(str).str.match(_DAY_AND_MONTH)
    found = _of_numbers(column) if len(is_numbers) and is_numbers.all() else _parsed(column)
    if found is None or found.hasnans:
        _refuse_damage(column)
    return found


def _of_numbers(column: pd.Series[Any]) -> pd.DatetimeIndex | None:
    """Days and months by numbers, read in the one order in which all cells are dates."""
    orders: list[tuple[str, str]] = [("second", "first")]
    if not column.dropna().str.contains(r"^\s*\d+\.").any():
        orders.append(("first", "second"))
    readings: list[pd.DatetimeIndex] = []
    for month, day in orders:

        def iso(cell: re.Match[str], month: str = month, day: str = day) -> str:
            return f"{cell['year']}-{int(cell[month]):02}-{int(cell[day]):02}"

        reading = _parsed(column.str.replace(_DAY_AND_MONTH, iso, regex=True))
        if reading is not None and not any(reading.equals(one) for one in readings):
            readings.append(reading)
    if len(readings) > 1:
        raise DataError(
            f"Column {column.name!r} holds dates such as {column.iloc[-1]!r}, whose day and month could change places; "
            "write them as in 2024-12-31."
        )
    return readings[0] if readings else None


def _parsed(column: pd.Series[Any], form: str | None = None) -> pd.DatetimeIndex | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # pandas guesses day and month anew for each cell
            return pd.DatetimeIndex(pd.to_datetime(column, utc=True, format=form)).tz_localize(None)
    except (ValueError, TypeError, UserWarning):
        return None


def _refuse_damage(column: pd.Series[Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        is_date = pd.to_datetime(column, utc=True, errors="coerce", format="mixed").notna()
    if is_date.mean() > _MOSTLY and not is_date.all():
        row = int((~is_date).to_numpy().argmax())
        raise DataError(
            f"Column {column.name!r} holds dates, but row {row + 2} of the file holds {column.iloc[row]!r}; correct it."
        )


def on_grid(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows at regular times, with missing values where there was no row; as it is where there is no grid."""
    index = frame.index
    if len(frame) >= 3 and isinstance(index, pd.DatetimeIndex):
        finders: tuple[Callable[[Any], Any], ...] = (pd.infer_freq, _months, _commonest)
        for frequency in (find(index) for find in finders):
            grid = frame if frequency is None else frame.asfreq(frequency)
            # business hours as pandas infers them need not be those of the rows
            if frequency is not None and index.isin(grid.index).all():
                return grid
    if len(frame) >= 3 and pd.api.types.is_integer_dtype(index):
        step = int(pd.Series(np.diff(index)).mode()[0])
        if not (np.diff(index) % step).any() and (index[-1] - index[0]) / step <= _SPARSE * len(index):
            return frame.reindex(pd.RangeIndex(index[0], index[-1] + 1, step, name=index.name))
    return frame


def _months(stamps: pd.DatetimeIndex) -> pd.offsets.BaseOffset | None:
    """Whole months between stamps of the same day and hour, or between ends of months."""
    months = (12 * stamps.year + stamps.month).to_numpy()
    hours = stamps - stamps.normalize()
    if (np.diff(months) < 1).any() or (hours != hours[0]).any():
        return None
    step = int(np.gcd.reduce(np.diff(months)))
    if (months[-1] - months[0]) / step > _SPARSE * len(stamps):
        return None
    if stamps.is_month_end.all():
        return pd.tseries.frequencies.to_offset(f"{step}ME")
    return pd.DateOffset(months=step) if (stamps.day == stamps.day[0]).all() else None


def _commonest(stamps: pd.DatetimeIndex) -> str | pd.offsets.BaseOffset | None:
    """The most common distance of stamps, if all of them lie on the grid that it makes."""
    step = stamps.to_series().diff().mode()[0]
    if step == pd.Timedelta(days=1) and stamps.dayofweek.max() < 5:
        return "B"
    is_sparse = (stamps[-1] - stamps[0]) / step > _SPARSE * len(stamps)
    return (
        None if is_sparse or ((stamps - stamps[0]) % step).to_numpy().any() else pd.tseries.frequencies.to_offset(step)
    )
