"""The public forecasting series with their standard splits, z-scored by the training part."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["DATASETS", "ForecastData", "load", "read"]

_SENTINEL = -9990.0
"""Values below it mark missing measurements of the weather station."""


@dataclass(frozen=True)
class _Source:
    file: str
    period: int
    """Steps of a day; 1 where no season is known."""
    months: int | None = None
    """Steps of a month: 12 months to train, 4 to validate, 4 to test. None splits 70/10/20 %."""


DATASETS = {
    "ETTh1": _Source("ETTh1.csv.gz", 24, months=720),
    "ETTm1": _Source("ETTm1.csv.gz", 96, months=2880),
    "weather": _Source("weather.csv.gz", 144),
    "exchange": _Source("exchange_rate.csv.gz", 1),
}
_WEEKLY = {"illness": _Source("national_illness.csv.gz", 52)}
"""Too short for the horizons that the others are forecast over."""


@dataclass(frozen=True)
class ForecastData:
    """A multivariate series and where its parts end. Validation and test start early by the context they need."""

    name: str
    values: Float[np.ndarray, "time channels"]
    """In deviations of the training part; NaN is missing."""
    ends: tuple[int, int, int]
    period: int

    @property
    def train(self) -> Float[np.ndarray, "time channels"]:
        """The part to learn from."""
        return self.values[: self.ends[0]]

    def validation(self, context: int) -> Float[np.ndarray, "time channels"]:
        """The part to choose settings on, with ``context`` steps before its first target."""
        return self.values[self.ends[0] - context : self.ends[1]]

    def test(self, context: int) -> Float[np.ndarray, "time channels"]:
        """The part to score on, with ``context`` steps before its first target."""
        return self.values[self.ends[1] - context : self.ends[2]]


def load(folder: Path, name: str) -> ForecastData:
    """Read one of :data:`DATASETS` from the folder that holds ``forecasting/``."""
    raw, ends = read(folder, name)
    known = raw[: ends[0]]
    scaled = (raw - np.nanmean(known, axis=0)) / np.nanstd(known, axis=0)
    return ForecastData(name, scaled.astype(np.float32), ends, DATASETS[name].period)


def read(folder: Path, name: str) -> tuple[Float[np.ndarray, "time channels"], tuple[int, int, int]]:
    """The values of a set as they were measured, NaN where they are missing, and where the parts of its split end."""
    source = (DATASETS | _WEEKLY)[name]
    raw = pd.read_csv(folder / "forecasting" / source.file).drop(columns="date").to_numpy(np.float64)
    raw[raw < _SENTINEL] = np.nan
    return raw, _ends(len(raw), source.months)


def _ends(steps: int, month: int | None) -> tuple[int, int, int]:
    if month is not None:
        return 12 * month, 16 * month, 20 * month
    train, test = int(0.7 * steps), int(0.2 * steps)
    return train, steps - test, steps
