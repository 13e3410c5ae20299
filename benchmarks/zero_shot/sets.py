"""The sets that are forecast: horizon, season, and where the part to score begins."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from benchmarks.data import read
from benchmarks.zero_shot.windows import Windows, drawn, joined, rolling
from tjepa_estimators import load_domain

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float

__all__ = ["MOST_WINDOWS", "SETS", "ForecastSet", "Parts", "load"]

MOST_WINDOWS = 100
"""Windows of a set that are scored: AutoETS takes up to a second for each."""

Parts = Iterator[tuple[str, "Float[np.ndarray, 'time channels']", int]]
"""Name and values of each series, and the step at which its part to score begins."""


@dataclass(frozen=True)
class ForecastSet:
    """One set of series."""

    horizon: int
    season: int
    """Steps of a season; 1 where there is none, or none that fits the histories."""
    parts: Callable[[Path], Parts]
    most: int | None = MOST_WINDOWS
    is_new: bool = True
    """Whether the bundled weights saw nothing of it; else they saw what lies before the part to score."""
    is_financial: bool = False

    def windows(self, folder: Path) -> Windows:
        """What is to be forecast."""
        found = joined(
            [
                windows
                for series, values, begin in self.parts(folder)
                for windows in rolling(values, begin, self.horizon, self.season, series)
            ]
        )
        return found if self.most is None else drawn(found, self.most)


def load(folder: Path, name: str) -> Windows:
    """The windows of one of :data:`SETS`."""
    return SETS[name].windows(folder)


def _m4(folder: Path) -> Parts:
    table = pd.read_csv(folder / "forecasting/m4_hourly.csv.gz")
    for name, series in table.groupby("id", sort=False):
        ordered = series.sort_values("t")
        yield str(name), ordered[["y"]].to_numpy(float), int((ordered["split"] == "train").sum())


def _standard(name: str, folder: Path) -> Parts:
    values, ends = read(folder, name)
    yield name, values[: ends[2]], ends[1]


def _tail(name: str, _: Path) -> Parts:
    """Each series of a bundled domain; what lies before its test part is history."""
    domain = load_domain(name)
    known = {series.name: len(series) for series in domain.series("train")}
    for series in domain.series():
        yield series.name, series.values, known.get(series.name, 0)


SETS = {
    "M4 hourly": ForecastSet(48, 24, _m4, most=None),
    "ETTh1": ForecastSet(48, 24, partial(_standard, "ETTh1")),
    "ETTm1": ForecastSet(96, 96, partial(_standard, "ETTm1")),
    "exchange": ForecastSet(30, 1, partial(_standard, "exchange"), is_financial=True),
    "weather": ForecastSet(144, 144, partial(_standard, "weather")),
    "illness": ForecastSet(24, 52, partial(_standard, "illness")),
    "stock_returns": ForecastSet(30, 1, partial(_tail, "stock_returns")),
    "stocks": ForecastSet(30, 1, partial(_tail, "stocks"), is_new=False, is_financial=True),
    "crypto": ForecastSet(30, 7, partial(_tail, "crypto"), is_new=False),
    "weather, daily": ForecastSet(30, 1, partial(_tail, "weather"), is_new=False),
    "weather, hourly": ForecastSet(48, 24, partial(_tail, "weather_hourly"), is_new=False),
    "webtraffic": ForecastSet(30, 7, partial(_tail, "webtraffic"), is_new=False),
    "ecommerce": ForecastSet(30, 7, partial(_tail, "ecommerce"), is_new=False),
    "ecg": ForecastSet(96, 1, partial(_tail, "ecg"), is_new=False),
}
