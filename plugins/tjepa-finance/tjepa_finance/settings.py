"""Checks of what both domains are told."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from tjepa_estimators.errors import ConfigError
from tjepa_finance.bars import COLUMNS

__all__ = ["check_columns", "check_span", "check_symbols"]


def check_symbols(symbols: object) -> None:
    """Refuse anything but a tuple or list of different symbols.

    Raises
    ------
    ConfigError
        If it is a single text, empty, or has a symbol twice.
    """
    if not isinstance(symbols, tuple | list) or not symbols or len(set(symbols)) < len(symbols):
        raise ConfigError(f"symbols={symbols!r} must be a tuple of symbols, each once, such as ('HSI', 'AAPL')")


def check_columns(columns: Sequence[str]) -> None:
    """Refuse what is no column of a bar.

    Raises
    ------
    ConfigError
        If there is none, one twice, or another.
    """
    if not columns or len(set(columns)) < len(columns) or not set(columns) <= set(COLUMNS):
        raise ConfigError(f"columns={tuple(columns)} must be some of {COLUMNS}, each once")


def check_span(start: str, end: str | None) -> tuple[pd.Timestamp, pd.Timestamp | None]:
    """Read the first day and the first day after the last.

    Raises
    ------
    ConfigError
        If they are no dates, or in the wrong order.

    Examples
    --------
    >>> check_span("2024-01-01", None)
    (Timestamp('2024-01-01 00:00:00'), None)
    """
    try:
        first, last = pd.Timestamp(start), None if end is None else pd.Timestamp(end)
    except ValueError as error:
        raise ConfigError(f"start={start!r} and end={end!r} must be dates such as '2024-01-31': {error}") from error
    if last is not None and not first < last:
        raise ConfigError(f"start={start!r} is not before end={end!r}; end is the first day that is left out")
    return first, last
