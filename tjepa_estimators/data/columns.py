"""Channels of a DataFrame in the order of those that were fitted on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tjepa_estimators.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["in_order"]


def in_order(frame: pd.DataFrame, names: Iterable[object]) -> pd.DataFrame:
    """Match columns by name; a single one may have any name, and numbers from 0, as of arrays, are no names.

    Raises
    ------
    DataError
        As many columns, but other names.

    Examples
    --------
    >>> import pandas as pd
    >>> in_order(pd.DataFrame({"b": [1], "a": [2]}), ["a", "b"]).columns.tolist()
    ['a', 'b']
    """
    given, known = [*frame.columns], [*names]
    places = [*range(len(known))]
    if len(given) != len(known) or len(known) == 1 or given == known or places in (given, known):
        return frame
    if sorted(map(repr, given)) != sorted(map(repr, known)) or len(set(given)) < len(given):
        msg = f"Got the channels {given}, but it was fitted on {known}; give the same ones, in any order."
        raise DataError(msg)
    return frame[known]
