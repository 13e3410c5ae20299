"""Domains at other scales of time, each with a source whose training part lies before or beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.transfer.daily import MOMENTS, beijing, new_york, stocks
from benchmarks.transfer.domain import Domain, Record, cut

__all__ = ["SCALED", "SCALES"]

SCALES: Mapping[str, tuple[str, str]] = {
    "hourly to daily": ("weather, hourly", "weather"),
    "daily to weekly, prices": ("stocks", "stocks, weekly"),
    "daily to weekly": ("weather", "illness, weekly"),
    "15 min to hourly": ("transformer, 15 min", "transformer, hourly"),
}
"""A source and a target for each step from a finer scale to a coarser one."""
_HALF_YEAR = 180
"""Days of the transformer that are the source; the target begins after them."""
_MONTHS = 30


def hourly_weather(folder: Path) -> Domain:
    """Beijing and New York by the hour, up to where the daily target's training part ends."""
    tables = {**beijing(folder), **new_york(folder)}
    records = [one for name, table in tables.items() for one in cut(table, MOMENTS["weather"], f"{name} ")]
    return Domain("weather, hourly", records, season=24)


def weekly_stocks(folder: Path) -> Domain:
    """Levels at the end of each week, as logarithms."""
    daily = stocks(folder)
    records = [
        Record(one.name, _ends_of_weeks(one.values), tuple(end // 5 for end in one.ends)) for one in daily.records
    ]
    return Domain("stocks, weekly", records, season=1, is_price=True)


def illness(folder: Path) -> Domain:
    """Patients with influenza-like illness in the United States, as logarithms of counts and shares."""
    table = pd.read_csv(folder / "forecasting/national_illness.csv.gz", parse_dates=["date"]).set_index("date")
    return Domain("illness, weekly", cut(np.log1p(table), ("2014-07-01", "2016-07-01")), season=52)


def quarter_hours(folder: Path) -> Domain:
    """The first half year of a transformer, every 15 minutes."""
    return _transformer(folder, "ETTm1", "transformer, 15 min", 0, (_HALF_YEAR, _HALF_YEAR))


def hours(folder: Path) -> Domain:
    """The same transformer by the hour after that: half a year to train, then four months and four months."""
    ends = (12 * _MONTHS, 16 * _MONTHS)
    return _transformer(folder, "ETTh1", "transformer, hourly", _HALF_YEAR, ends)


SCALED: Mapping[str, Callable[[Path], Domain]] = {
    "weather, hourly": hourly_weather,
    "stocks, weekly": weekly_stocks,
    "illness, weekly": illness,
    "transformer, 15 min": quarter_hours,
    "transformer, hourly": hours,
}


def _transformer(folder: Path, file: str, name: str, first: int, ends: tuple[int, int]) -> Domain:
    table = pd.read_csv(folder / f"forecasting/{file}.csv.gz", parse_dates=["date"]).set_index("date")
    days = table.index[0].normalize() + pd.to_timedelta([first, *ends, 20 * _MONTHS], unit="D")
    stop = days[1] if ends[0] == ends[1] else days[3]
    part = table[(table.index >= days[0]) & (table.index < stop)]
    season = round(pd.Timedelta(days=1) / (table.index[1] - table.index[0]))
    return Domain(name, cut(part, (str(days[1]), str(days[2]))), season=season)


def _ends_of_weeks(values: np.ndarray) -> np.ndarray:
    """The last observation of each five weekdays."""
    weeks = pd.DataFrame(values[: len(values) // 5 * 5].reshape(-1, 5))
    return weeks.ffill(axis=1).iloc[:, -1].to_numpy(np.float32)
