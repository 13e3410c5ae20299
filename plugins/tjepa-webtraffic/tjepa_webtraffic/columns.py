"""Which column of a table holds what: the one that was named, or one with a usual name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from tjepa_estimators.errors import DataError

__all__ = ["find_column"]


def find_column(names: Iterable[str], given: str | None, usual: Sequence[str], role: str, label: str) -> str | None:
    """The name of a column.

    Parameters
    ----------
    names
        The columns that there are.
    given
        The name that was asked for; None looks for a usual one, whatever its case and its spaces.
    usual
        Usual names in small letters with underscores, the likeliest first.
    role, label
        What the column holds and where, for the message.

    Returns
    -------
    The name, or None where no column has a usual name.

    Raises
    ------
    DataError
        If there is no column of the given name.

    Examples
    --------
    >>> find_column(["Invoice No", "UnitPrice"], None, ("price", "unit_price"), "price", "shop.csv")
    'UnitPrice'
    """
    names = list(names)
    if given is None:
        plain = {_plain(name): name for name in reversed(names)}
        return next((plain[_plain(name)] for name in usual if _plain(name) in plain), None)
    if given not in names:
        hint = "".join(f" Did you mean {match!r}?" for match in get_close_matches(given, names, n=1))
        raise DataError(f"{label} has no column {given!r} for the {role}.{hint} It has: {', '.join(names)}.")
    return given


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
