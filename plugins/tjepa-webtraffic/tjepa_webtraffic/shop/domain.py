"""The data domain ``transactions``."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from tjepa_estimators import Series, load_domain
from tjepa_estimators.contracts import DomainInfo
from tjepa_estimators.data.remote.frames import FrameDomain, read_csv
from tjepa_estimators.data.splits import check_split
from tjepa_estimators.errors import DataError, DataQualityWarning
from tjepa_webtraffic.shop.clean import ShopReport, clean
from tjepa_webtraffic.shop.config import ShopConfig
from tjepa_webtraffic.shop.days import to_days, with_conversion

__all__ = ["Transactions"]


class Transactions:
    """Revenue, units, orders, customers, average basket and returns per day, from a table of transactions.

    The table is read when :meth:`series` is called first. Rows with a negative quantity or amount, and orders whose
    number begins with ``"C"``, are returns: they count in ``returns`` (orders), not in the other figures, unless
    ``net`` takes them off. Rows of no value are left out, and so are copies of a row. Days on which the shop was
    closed are NaN: see :func:`tjepa_webtraffic.shop.days.to_days`.

    Parameters
    ----------
    data
        A csv file, packed or not, or a DataFrame; a row for each transaction or for each item of one.
    config
        Names of the columns, currency, and how to count.
    sessions
        Visits of each day, for ``conversion`` (orders per session).

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     {
    ...         "order_id": ["1", "1", "2", "C1"],
    ...         "date": ["2024-03-04", "2024-03-04", "2024-03-05", "2024-03-05"],
    ...         "quantity": [1, 2, 1, -1],
    ...         "price": [20.0, 5.0, 20.0, 20.0],
    ...     }
    ... )
    >>> shop = Transactions(table, ShopConfig(currency="EUR"))
    >>> shop.info.title
    'Sales of a shop per day, money in EUR'
    >>> (days,) = shop.series()
    >>> dict(zip(days.channels, days.values.T.tolist(), strict=True))
    {'revenue': [30.0, 20.0], 'units': [3.0, 1.0], 'orders': [1.0, 1.0], 'avg_basket': [30.0, 20.0], 'returns': [0.0, 1.0]}
    """  # noqa: E501 - a line of output

    def __init__(
        self,
        data: str | Path | pd.DataFrame | None = None,
        config: ShopConfig | None = None,
        sessions: pd.Series[Any] | None = None,
    ) -> None:
        self.data = data
        self.config = config or ShopConfig()
        self.sessions = sessions
        self.info = DomainInfo(
            name="transactions",
            title=f"Sales of a shop per day, money in {self.config.currency or 'the currency of the table'}",
            licence="that of your table; the sample is CC BY 4.0",
            source="a table of transactions; the sample: UCI Machine Learning Repository 502, Online Retail II, in GBP",
            frequency="D",
            season=7,
            sha256="",
        )
        self._read: tuple[FrameDomain, ShopReport] | None = None

    def series(self, split: str = "all") -> list[Series]:
        """Return one series of one split: ``"train"``, ``"test"`` (the last fifth of the time) or ``"all"``.

        Raises
        ------
        DataError
            If no table was given, it cannot be read as transactions, or the split is unknown.
        """
        check_split(split, self.info.name)
        return self._counted()[0].series(split)

    def report(self) -> ShopReport:
        """What the rows were: sales, returns, duplicates and so on."""
        return self._counted()[1]

    def sample(self) -> list[Series]:
        """Return the figures of a British shop, bundled with the core as ``ecommerce``: small, and needs no file."""
        return [replace(one, name="Online Retail II") for one in load_domain("ecommerce").sample()]

    def _counted(self) -> tuple[FrameDomain, ShopReport]:
        if self._read is None:
            rows, report = clean(self._table(), self.config, self._label())
            frame, report.closed_days = to_days(rows, self.config)
            if self.sessions is not None:
                frame = with_conversion(frame, self.sessions)
            self._read = FrameDomain(info=self.info, frames={"shop": frame}), report
            if not report.is_clean:
                warnings.warn(f"{self._label()} had faults: {report}", DataQualityWarning, stacklevel=3)
        return self._read

    def _label(self) -> str:
        return "The table of transactions" if isinstance(self.data, pd.DataFrame) else f"The table {str(self.data)!r}"

    def _table(self) -> pd.DataFrame:
        if self.data is None:
            raise DataError(
                "There are no transactions; give a csv file or a DataFrame: Transactions('orders.csv'). "
                "Transactions().sample() is a real shop's."
            )
        return self.data if isinstance(self.data, pd.DataFrame) else read_csv(self.data)[0]
