"""The five daily domains, each split at two moments of the calendar."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.transfer.domain import Domain, Record, cut

__all__ = ["DAILY", "MOMENTS", "beijing", "new_york"]

MOMENTS: Mapping[str, tuple[str, str]] = {
    "stocks": ("2017-01-01", "2018-01-01"),
    "crypto": ("2017-01-01", "2018-01-01"),  # the same, as markets move together
    "weather": ("2015-01-01", "2015-07-01"),
    "web traffic": ("2016-07-01", "2016-09-01"),
    "e-commerce": ("2011-04-01", "2011-07-01"),
}
"""Where validation and test parts begin."""
_COINS = ("BTC", "DOGE", "ETH", "LTC", "XEM", "XLM", "XMR", "XRP")
"""Coins that were traded before 2016; USDT is left out, as it is a dollar."""
_NO_PRODUCTS = ("DOT", "M", "POST")
"""Postage and entries by hand."""
_PRODUCTS = 20
_LIKELY_PRESSURE = (950.0, 1050.0)


def stocks(folder: Path) -> Domain:
    """Logarithms of closing levels from 2000 on, on weekdays; closed days are gaps."""
    table = _read(folder, "stocks/indices_daily", "date")
    table = table[(table["date"] >= "2000") & (table["date"] < "2019-10") & (table["symbol"] != "VIX")]
    closes = np.log(table.pivot_table(index="date", columns="symbol", values="close")).asfreq("B")
    return Domain("stocks", cut(closes, MOMENTS["stocks"]), season=5, is_price=True)


def crypto(folder: Path) -> Domain:
    """Logarithms of closing prices."""
    table = _read(folder, "crypto/coins_daily", "date")
    closes = np.log(table[table["symbol"].isin(_COINS)].pivot_table(index="date", columns="symbol", values="close"))
    return Domain("crypto", cut(closes.asfreq("D"), MOMENTS["crypto"]), season=7, is_price=True)


def weather(folder: Path) -> Domain:
    """Temperatures, pressure, humidity and wind; New York and Melbourne end before the split, so they are sources."""
    hourly = [*beijing(folder).items(), *new_york(folder).items()]
    delhi = _read(folder, "weather/delhi_daily", "date").set_index("date")
    delhi["meanpressure"] = delhi["meanpressure"].where(delhi["meanpressure"].between(*_LIKELY_PRESSURE))
    seattle = _read(folder, "weather/seattle_daily", "date").set_index("date")[["temp_max", "temp_min", "wind"]]
    melbourne = _read(folder, "weather/melbourne_daily_temp", "Date").set_index("Date")
    tables = {name: table.resample("D").mean() for name, table in hourly}
    tables |= {name: table.asfreq("D") for name, table in (("Delhi", delhi), ("Seattle", seattle))}
    tables["Melbourne"] = melbourne.asfreq("D")
    return Domain("weather", _cut_all(tables, MOMENTS["weather"]), season=365)


def web_traffic(folder: Path) -> Domain:
    """Logarithms of page views; two long series end before the split, so they are sources."""
    table = _read(folder, "web_traffic/wikipedia_traffic_daily_10pages", "date")
    pages = np.log1p(table.pivot_table(index="date", columns="page", values="value"))
    language = np.log1p(_read(folder, "web_traffic/example_wp_log_R", "ds").set_index("ds")[["views"]])
    player = _read(folder, "web_traffic/skforecast_wikipedia_visits", "date").set_index("date")
    tables = {"page": pages, "R": language, "Peyton Manning": player}
    records = _cut_all({name: one.asfreq("D") for name, one in tables.items()}, MOMENTS["web traffic"])
    return Domain("web traffic", records, season=7)


def e_commerce(folder: Path) -> Domain:
    """Logarithms of units that a shop sold, of 20 products and in all; closed days are gaps.

    The products that sold on most days of the training part. M5 begins where the training part ends, so it is out.
    """
    totals = _read(folder, "ecommerce/online_retail_ii_daily", "date").set_index("date").asfreq("D")
    table = _read(folder, "ecommerce/online_retail_ii_top60_products_daily", "date")
    units = table[~table["StockCode"].isin(_NO_PRODUCTS)].pivot_table(
        index="date", columns="StockCode", values="units", aggfunc="sum"
    )
    before = units[units.index < MOMENTS["e-commerce"][0]].notna().sum()
    units = units[before.sort_values(ascending=False, kind="stable").index[:_PRODUCTS]].reindex(totals.index)
    # a product without a line on an open day was not sold
    units = units.fillna(0.0).where(totals["orders"].notna())
    tables = {"product": units, "shop": totals[["units", "orders"]]}
    counts = {name: np.log1p(one.clip(lower=0.0)) for name, one in tables.items()}  # returns may exceed sales
    return Domain("e-commerce", _cut_all(counts, MOMENTS["e-commerce"]), season=7)


DAILY: Mapping[str, Callable[[Path], Domain]] = {
    "stocks": stocks,
    "crypto": crypto,
    "weather": weather,
    "web traffic": web_traffic,
    "e-commerce": e_commerce,
}


def beijing(folder: Path) -> dict[str, pd.DataFrame]:
    """Hourly temperature, pressure, dew point and wind of three stations."""
    table = _read(folder, "weather/beijing_3stations_hourly", "date")
    return _places(table, "station", ["TEMP", "PRES", "DEWP", "WSPM"])


def new_york(folder: Path) -> dict[str, pd.DataFrame]:
    """The same of three airports, in 2013."""
    table = _read(folder, "weather/nycflights13_hourly", "date")
    table["date"] = table["date"].dt.tz_localize(None)
    return _places(table, "origin", ["temp", "pressure", "dewp", "wind_speed"])


def _places(table: pd.DataFrame, by: str, columns: list[str]) -> dict[str, pd.DataFrame]:
    return {
        str(place): part.drop_duplicates("date").set_index("date")[columns].sort_index().asfreq("h")
        for place, part in table.groupby(by)
    }


def _cut_all(tables: Mapping[str, pd.DataFrame], moments: tuple[str, str]) -> list[Record]:
    return [record for name, table in tables.items() for record in cut(table, moments, f"{name} ")]


def _read(folder: Path, name: str, dates: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"{name}.csv.gz", parse_dates=[dates])
