"""A shop's figures per day; NaN on the days on which it was closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tjepa_estimators.errors import DataError

if TYPE_CHECKING:
    from tjepa_webtraffic.shop.config import ShopConfig

__all__ = ["to_days", "with_conversion"]


def to_days(rows: pd.DataFrame, config: ShopConfig) -> tuple[pd.DataFrame, int]:
    """Sum up the rows of each day from the first sale to the last.

    A day without a sale is closed, hence NaN, where days of that weekday that have sales have ``config.busy`` orders
    or more on average (with 5 an empty day would be a chance below 1 in 100), where no day of that weekday has any, or
    where it is declared; else nobody bought anything, which is zero.

    Parameters
    ----------
    rows
        As :func:`tjepa_webtraffic.shop.clean.clean` gives them.
    config
        How to count.

    Returns
    -------
    ``revenue``, ``units``, ``orders``, ``customers``, ``avg_basket`` and ``returns`` per day, without units and
    customers where the table has none; and the number of closed days.
    """
    sales, returned = rows[~rows["is_return"]], rows[rows["is_return"]]
    grid = pd.date_range(sales["day"].min(), sales["day"].max(), freq="D", name="day")
    frame = pd.DataFrame(
        {name: one.reindex(grid, fill_value=0).astype(float) for name, one in _figures(sales, returned, config).items()}
    )
    frame.insert(len(frame.columns) - 1, "avg_basket", _mean_basket(sales, grid))
    is_closed = _is_closed(frame["orders"], config)
    returns = frame["returns"].where(~is_closed | (frame["returns"] > 0))  # the office may book what the shop may not
    frame[is_closed.to_numpy()] = np.nan
    return frame.assign(returns=returns), int(is_closed.sum())


def with_conversion(frame: pd.DataFrame, sessions: pd.Series[Any]) -> pd.DataFrame:
    """Add ``conversion``, orders per session; NaN on days without sessions.

    Raises
    ------
    DataError
        If the sessions are not one number for each day.
    """
    index = sessions.index
    if not isinstance(index, pd.DatetimeIndex) or not index.is_unique or not (index == index.normalize()).all():
        raise DataError("sessions must be a pandas Series with one number for each day, indexed by the day (midnight).")
    known = sessions.reindex(frame.index).astype(float)
    return frame.assign(conversion=(frame["orders"] / known).where(known > 0))


def _figures(sales: pd.DataFrame, returned: pd.DataFrame, config: ShopConfig) -> dict[str, pd.Series[Any]]:
    by_day = sales.groupby("day")
    found = {"revenue": _sum(sales, returned, "amount", config)}
    if "quantity" in sales:
        found["units"] = _sum(sales, returned, "quantity", config)
    found["orders"] = by_day["order"].nunique()
    if "customer" in sales:
        found["customers"] = by_day["customer"].nunique()
    return found | {"returns": returned.groupby("day")["order"].nunique()}


def _sum(sales: pd.DataFrame, returned: pd.DataFrame, column: str, config: ShopConfig) -> pd.Series[Any]:
    total = sales.groupby("day")[column].sum()
    return total.sub(returned.groupby("day")[column].sum(), fill_value=0) if config.net else total


def _mean_basket(sales: pd.DataFrame, grid: pd.DatetimeIndex) -> pd.Series[Any]:
    by_day = sales.groupby("day")
    return (by_day["amount"].sum() / by_day["order"].nunique()).reindex(grid)


def _is_closed(orders: pd.Series[float], config: ShopConfig) -> pd.Series[bool]:
    weekday = pd.DatetimeIndex(orders.index).dayofweek
    usual = orders.where(orders > 0).groupby(weekday).transform("mean")  # NaN where that weekday never has a sale
    is_empty = (orders == 0) & ~(usual < config.busy)
    return is_empty | orders.index.isin(config.closed_days())
