"""Rows of a shop's table as sales and returns; what cannot be used is counted and left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from tjepa_estimators.errors import DataError

if TYPE_CHECKING:
    from tjepa_webtraffic.shop.config import ShopConfig

__all__ = ["ShopReport", "clean"]

_MOST_UNREADABLE = 0.01


@dataclass(slots=True)
class ShopReport:
    """What the rows of a table were."""

    rows: int = 0
    duplicates: int = 0
    """Equal to an earlier row in every column; left out unless they are kept."""
    unreadable: int = 0
    """Without a time, or with numbers that are none; left out."""
    free: int = 0
    """Of no value: gifts, corrections of the stock; left out."""
    returns: int = 0
    """Rows of cancellations and returns."""
    sales: int = 0
    closed_days: int = 0
    """Days that are NaN."""

    @property
    def is_clean(self) -> bool:
        """No row was there twice or unreadable."""
        return not (self.duplicates or self.unreadable)

    def __str__(self) -> str:
        return (
            f"{self.rows} rows: {self.sales} sold, {self.returns} returned or cancelled, {self.free} of no value, "
            f"{self.duplicates} duplicates, {self.unreadable} unreadable; closed on {self.closed_days} days"
        )


def clean(table: pd.DataFrame, config: ShopConfig, label: str) -> tuple[pd.DataFrame, ShopReport]:
    """Read the columns that are needed.

    Returns
    -------
    Rows with ``day``, ``order``, ``amount`` (never negative), ``is_return``, and ``customer`` and ``quantity`` (never
    negative) where the table has them; and the report.

    Raises
    ------
    DataError
        If columns are missing, more than 1 % of the rows cannot be read, or no row is a sale.
    """
    names = config.columns.find(table.columns, label)
    table = table.reset_index(drop=True)
    report = ShopReport(rows=len(table))
    if "order" in names:  # without a number of the order, equal rows may be two sales
        is_copy = table.duplicated()
        report.duplicates = int(is_copy.sum())
        table = table if config.keep_duplicates else table[~is_copy]
    rows = _roles(table, names, config)
    is_bad = rows[["day", "amount"]].isna().any(axis=1)
    report.unreadable = int(is_bad.sum())
    _check_readable(table, names, is_bad, label)
    is_free = rows["amount"] == 0
    report.free = int((is_free & ~is_bad).sum())
    rows = rows[~is_bad & ~is_free]
    report.returns = int(rows["is_return"].sum())
    report.sales = len(rows) - report.returns
    if not report.sales:
        raise DataError(f"{label} has {report.rows} rows and no sale among them ({report}).")
    return rows.assign(amount=rows["amount"].abs()), report


def _roles(table: pd.DataFrame, names: dict[str, str], config: ShopConfig) -> pd.DataFrame:
    rows = pd.DataFrame({"day": _days(table[names["time"]], config)}, index=table.index)
    numbers = {role: pd.to_numeric(table[names[role]], errors="coerce") for role in _numeric(names)}
    rows["amount"] = numbers["amount"] if "amount" in names else numbers["quantity"] * numbers["price"]
    rows["order"] = _orders(table, names)
    rows["is_return"] = rows["amount"] < 0
    if "order" in names and config.cancelled:
        rows["is_return"] |= rows["order"].str.startswith(config.cancelled)
    if "quantity" in names:
        rows["is_return"] |= numbers["quantity"] < 0
        rows["quantity"] = numbers["quantity"].abs()
    if "customer" in names:
        rows["customer"] = table[names["customer"]]
    return rows


def _orders(table: pd.DataFrame, names: dict[str, str]) -> pd.Series[Any]:
    """Number of the order of each row; a row without one is an order of its own."""
    own = pd.Series([f"row {number}" for number in range(len(table))], dtype=object)
    if "order" not in names:
        return own
    given = table[names["order"]]
    return given.astype(str).astype(object).where(given.notna(), own)


def _numeric(names: dict[str, str]) -> list[str]:
    return [role for role in ("quantity", "price", "amount") if role in names]


def _days(column: pd.Series[Any], config: ShopConfig) -> pd.Series[Any]:
    """The day of each row where the shop is, without a zone; NaT where it cannot be read."""
    if pd.api.types.is_numeric_dtype(column):
        return pd.Series(pd.NaT, index=column.index)
    times = pd.to_datetime(column, errors="coerce")
    if times.dt.tz is not None:
        times = (times if config.timezone is None else times.dt.tz_convert(config.timezone)).dt.tz_localize(None)
    return times.dt.normalize()


def _check_readable(table: pd.DataFrame, names: dict[str, str], is_bad: pd.Series[bool], label: str) -> None:
    if is_bad.sum() > _MOST_UNREADABLE * len(table):
        first = table.loc[is_bad, list(names.values())].iloc[0].to_dict()
        raise DataError(
            f"{int(is_bad.sum())} of {len(table)} rows of {label} cannot be read, the first is {first}. Convert the "
            "columns first (pandas.to_datetime with format=, pandas.to_numeric), or name others with ShopColumns."
        )
