"""How transactions are read and counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pandas as pd

from tjepa_estimators.errors import ConfigError, DataError
from tjepa_webtraffic.columns import find_column

__all__ = ["ShopColumns", "ShopConfig"]

_USUAL = {
    "time": ("invoice_date", "order_date", "created_at", "purchase_date", "purchased_at", "order_purchase_timestamp",
             "transaction_date", "timestamp", "datetime", "date", "time", "ds"),
    "order": ("invoice", "invoice_no", "order_id", "order", "order_number", "transaction_id", "basket_id", "receipt"),
    "customer": ("customer_id", "customer", "customer_no", "user_id", "client_id", "buyer_id", "email"),
    "quantity": ("quantity", "qty", "units", "items", "item_quantity"),
    "price": ("price", "unit_price", "item_price", "price_each"),
    "amount": ("amount", "revenue", "total", "line_total", "total_price", "sales", "value"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopColumns:
    """The columns of a table of transactions; None looks for the usual names (``InvoiceDate``, ``order_id`` …)."""

    time: str | None = None
    """When it was bought."""
    order: str | None = None
    """Number of the order; without it, each row is an order of its own."""
    customer: str | None = None
    """Who bought; rows without one are guests, whom ``customers`` does not count."""
    quantity: str | None = None
    """Units; negative ones are returns."""
    price: str | None = None
    """Of one unit."""
    amount: str | None = None
    """Of the whole row; without it, quantity times price."""

    def find(self, names: Iterable[str], label: str) -> dict[str, str]:
        """The names of the columns that there are, by their role.

        Raises
        ------
        DataError
            If a named column is not there, no column tells the time, or none the money.
        """
        names = [str(name) for name in names]
        found = {role: find_column(names, getattr(self, role), usual, role, label) for role, usual in _USUAL.items()}
        known = {role: name for role, name in found.items() if name is not None}
        if "time" not in known or not ("amount" in known or {"quantity", "price"} <= known.keys()):
            raise DataError(
                f"{label} needs a time, and an amount or a quantity and a price; found {known or 'none of them'} among "
                f"its columns: {', '.join(names)}. Name them: ShopConfig(columns=ShopColumns(time=..., amount=...))."
            )
        return known


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopConfig:
    """How transactions are counted.

    Raises
    ------
    ConfigError
        If a setting is impossible.
    """

    columns: ShopColumns = field(default_factory=ShopColumns)
    """What the columns are called."""
    currency: str = ""
    """Of the money, such as ``"GBP"``; it is stated in the title of the domain."""
    net: bool = False
    """Take what was returned off revenue and units, on the day of the return."""
    cancelled: str = "C"
    """Orders whose number begins so are cancellations; empty if there are none such."""
    keep_duplicates: bool = False
    """Keep rows that are equal to an earlier one in every column, the number of the order included."""
    busy: float = 5.0
    """Orders per day from which on a day without a sale means that the shop was closed, not that nobody came."""
    closed: tuple[str, ...] = ()
    """Days on which the shop was closed, whatever the table says."""
    timezone: str | None = None
    """Where a day begins and ends, for stamps that state a zone; None leaves them in theirs."""

    def __post_init__(self) -> None:
        try:
            self.closed_days()
            ZoneInfo(self.timezone or "UTC")
        except (ValueError, ZoneInfoNotFoundError) as error:
            raise ConfigError(f"{self} cannot be used: {error}") from error
        if self.busy < 0:
            raise ConfigError(f"busy must not be negative; got {self.busy}.")

    def closed_days(self) -> pd.DatetimeIndex:
        """The declared ones."""
        return pd.DatetimeIndex([pd.Timestamp(day).normalize() for day in self.closed])
