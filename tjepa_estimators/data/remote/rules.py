"""Rules that find values which cannot be true; what they find becomes NaN and is counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

__all__ = ["Rule", "at_least", "not_crossed", "positive", "spikes", "within"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A named test of a frame.

    Parameters
    ----------
    name
        What is wrong, as in "3 x not positive".
    find
        Marks the wrong cells: a boolean frame of the same index and some of the same columns.
    """

    name: str
    find: Callable[[pd.DataFrame], pd.DataFrame]


def positive(columns: Sequence[str]) -> Rule:
    """Values must be above zero, as prices are.

    Examples
    --------
    >>> positive(["close"]).find(pd.DataFrame({"close": [1.0, 0.0, float("nan")]}))["close"].tolist()
    [False, True, False]
    """
    return Rule("not positive", lambda frame: _those(frame, columns) <= 0)


def at_least(columns: Sequence[str], least: float = 0.0) -> Rule:
    """Values must not be below ``least``, as volumes are not below zero."""
    return Rule(f"below {least:g}", lambda frame: _those(frame, columns) < least)


def within(columns: Sequence[str], least: float, most: float) -> Rule:
    """Values must lie between two bounds, both included, as a relative humidity does."""

    def find(frame: pd.DataFrame) -> pd.DataFrame:
        values = _those(frame, columns)
        return (values < least) | (values > most)

    return Rule(f"outside {least:g} to {most:g}", find)


def not_crossed(low: str, high: str, tolerance: float = 1e-9) -> Rule:
    """``high`` must not be below ``low``; where it is, neither can be believed. Relative tolerance, for rounding."""

    def find(frame: pd.DataFrame) -> pd.DataFrame:
        if low not in frame or high not in frame:
            return frame[[]].astype(bool)
        crossed = frame[high] < frame[low] - tolerance * frame[low].abs()
        return pd.DataFrame({low: crossed, high: crossed})

    return Rule(f"{high} below {low}", find)


def spikes(columns: Sequence[str], factor: float = 5.0) -> Rule:
    """A single value that is ``factor`` times the observed values on both sides of it, or that fraction of them.

    Only what comes back at the next observed step counts: a split, a crash or a new level stays. Both neighbours must
    be within ``factor`` of each other, and the first and last value are never marked.

    Examples
    --------
    >>> prices = pd.DataFrame({"close": [10.0, 1000.0, 10.5, 2.0, 2.1]})
    >>> spikes(["close"]).find(prices)["close"].tolist()
    [False, True, False, False, False]
    """

    def find(frame: pd.DataFrame) -> pd.DataFrame:
        values = _those(frame, columns)
        return pd.DataFrame({name: _spikes(column, factor) for name, column in values.items()}, index=frame.index)

    return Rule(f"{factor:g} times its neighbours or a {factor:g}th", find)


def _those(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    return frame[[name for name in columns if name in frame]]


def _spikes(column: pd.Series[float], factor: float) -> pd.Series[bool]:
    seen = column[column > 0]
    logs = pd.Series(np.log(seen.to_numpy()), index=seen.index)
    rise, fall, across = logs - logs.shift(1), logs - logs.shift(-1), logs.shift(-1) - logs.shift(1)
    most = np.log(factor)
    is_up, is_down = (rise > most) & (fall > most), (rise < -most) & (fall < -most)
    return ((is_up | is_down) & (across.abs() < most)).reindex(column.index, fill_value=False)
