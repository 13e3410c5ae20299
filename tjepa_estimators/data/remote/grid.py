"""Bring time stamps onto a regular grid: steps that are missing become NaN, never zero."""

from __future__ import annotations

from datetime import tzinfo

import pandas as pd

from tjepa_estimators.errors import DataError

__all__ = ["grid_of", "local_dates", "off_grid", "on_grid", "utc_stamps"]


def utc_stamps(index: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """The same moments in UTC, without a zone, as the wrapped libraries want them; naive stamps are UTC already.

    Examples
    --------
    >>> utc_stamps(pd.DatetimeIndex(["2024-07-01 09:00"], tz="Asia/Tokyo"))[0]
    Timestamp('2024-07-01 00:00:00')
    """
    return index if index.tz is None else index.tz_convert("UTC").tz_localize(None)


def local_dates(index: pd.DatetimeIndex, zone: str | tzinfo | None = None) -> pd.DatetimeIndex:
    """The calendar dates where the stamps were made, for daily bars: midnight, without a zone.

    Parameters
    ----------
    index
        Stamps of any time of the day.
    zone
        Of the exchange; None takes that of the stamps.

    Examples
    --------
    >>> local_dates(pd.DatetimeIndex(["2024-07-01 01:30"], tz="UTC"), "America/New_York")[0]
    Timestamp('2024-06-30 00:00:00')
    """
    there = index if zone is None else (index.tz_localize("UTC") if index.tz is None else index).tz_convert(zone)
    return there.tz_localize(None).normalize()


def grid_of(index: pd.DatetimeIndex, frequency: str) -> pd.DatetimeIndex:
    """Every step of ``frequency`` from the first stamp to the last."""
    offset = pd.tseries.frequencies.to_offset(frequency)
    is_fixed = isinstance(offset, pd.tseries.offsets.Tick | pd.tseries.offsets.Day)
    first = index.min().floor(frequency) if is_fixed else index.min().normalize()
    return pd.date_range(first, index.max(), freq=offset, name=index.name)


def off_grid(index: pd.DatetimeIndex, frequency: str) -> pd.DatetimeIndex:
    """Stamps that are no step of the grid, such as a session on a Saturday among business days.

    Examples
    --------
    >>> off_grid(pd.DatetimeIndex(["2024-03-01", "2024-03-02", "2024-03-04"]), "B").day.tolist()
    [2]
    """
    return index.difference(grid_of(index, frequency))


def on_grid(frame: pd.DataFrame, frequency: str) -> pd.DataFrame:
    """Put the rows of a sorted frame without duplicates on the grid; rows off the grid are left out.

    Raises
    ------
    DataError
        If most of the rows are off the grid, so that ``frequency`` cannot be theirs.

    Examples
    --------
    >>> frame = pd.DataFrame({"x": [1.0, 2.0]}, index=pd.DatetimeIndex(["2024-03-01", "2024-03-05"]))
    >>> on_grid(frame, "B")["x"].tolist()
    [1.0, nan, 2.0]
    """
    index = pd.DatetimeIndex(frame.index)
    grid = grid_of(index, frequency)
    if len(index.intersection(grid)) * 2 < len(index):
        raise DataError(
            f"Stamps such as {index[0]} and {index[-1]} do not lie on the frequency {frequency!r}; "
            "give the frequency that the data have, or resample them first"
        )
    return frame.reindex(grid)
