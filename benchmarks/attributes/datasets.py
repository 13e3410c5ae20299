"""Series of several attributes that have little in common, such as price, volume and volatility."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["DATASETS", "Attributes", "load"]

_TRAIN, _TEST = 0.7, 0.2
_INDICES = ("NYA", "IXIC", "HSI", "GSPTSE", "GDAXI", "N225")
_COINS = ("BTC", "ETH", "LTC", "XRP", "XMR", "DOGE")
_STATION = {"TEMP": "temperature", "DEWP": "dew point", "PRES": "pressure", "WSPM": "wind", "PM2.5": "PM2.5"}


@dataclass(frozen=True)
class Attributes:
    """A panel whose channels are attributes, in deviations of the training part."""

    names: tuple[str, ...]
    values: list[Float[np.ndarray, "time attributes"]]
    period: int
    """Steps of the season; 1 where there is none."""

    def train(self) -> list[Float[np.ndarray, "time attributes"]]:
        """The first 70 % of each series; the next 10 % are left out, so that no choice can be made on them."""
        return [one[: int(_TRAIN * len(one))] for one in self.values]

    def test(self, context: int) -> list[Float[np.ndarray, "time attributes"]]:
        """The last 20 %, with the window before them."""
        return [one[-(int(_TEST * len(one)) + context) :] for one in self.values]


def load(folder: Path, name: str) -> Attributes:
    """Read one of :data:`DATASETS`."""
    frames, period = DATASETS[name](folder)
    names = tuple(map(str, frames[0].columns))
    return Attributes(names, [_scaled(frame.to_numpy(np.float64)) for frame in frames], period)


def _scaled(values: Float[np.ndarray, "time attributes"]) -> Float[np.ndarray, "time attributes"]:
    seen = values[: int(_TRAIN * len(values))]
    return ((values - np.nanmean(seen, axis=0)) / np.nanstd(seen, axis=0)).astype(np.float32)


def _bars(table: pd.DataFrame, symbols: tuple[str, ...], start: str) -> list[pd.DataFrame]:
    """Log price, log volume and log range of a day, which stands for volatility; unreported ones are missing."""
    frames = []
    for symbol in symbols:
        part = table[(table["symbol"] == symbol) & (table["date"] >= start)].sort_values("date")
        volume, spread = part["volume"].where(part["volume"] > 0), np.log(part["high"] / part["low"])
        frames.append(
            pd.DataFrame(
                {
                    "price": np.log(part["close"]),
                    "volume": np.log(volume),
                    "volatility": np.log(spread.where(spread > 0)),
                }
            )
        )
    return frames


def _stocks(folder: Path) -> tuple[list[pd.DataFrame], int]:
    return _bars(pd.read_csv(folder / "stocks/indices_daily.csv.gz"), _INDICES, "2006-01-01"), 1


def _crypto(folder: Path) -> tuple[list[pd.DataFrame], int]:
    return _bars(pd.read_csv(folder / "crypto/coins_daily.csv.gz"), _COINS, "2016-01-01"), 7


def _weather(folder: Path) -> tuple[list[pd.DataFrame], int]:
    table = pd.read_csv(folder / "weather/beijing_3stations_hourly.csv.gz")
    frames = [part.sort_values("date")[list(_STATION)].rename(columns=_STATION) for _, part in table.groupby("station")]
    return frames, 24


DATASETS = {"stocks": _stocks, "crypto": _crypto, "weather": _weather}
"""Readers: log price, volume and range of indices and of coins, daily; five measurements at three stations, hourly."""
