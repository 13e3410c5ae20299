"""Bars (open, high, low, close, volume): what is believable, and tables of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from tjepa_estimators.data.remote.frames import FrameDomain, read_csv
from tjepa_estimators.data.remote.rules import Rule, at_least, not_crossed, positive, spikes
from tjepa_estimators.errors import DataError

__all__ = [
    "BAR_RULES",
    "COLUMNS",
    "bars_from_csv",
    "bars_from_frame",
    "flat_note",
    "unreported",
]

COLUMNS = ("open", "high", "low", "close", "volume")
_PRICES = COLUMNS[:4]
_RUN = 20
"""Bars in a row that make a stretch: about a month of business days."""


def unreported(column: str = "volume", run: int = _RUN) -> Rule:
    """A zero is believed, ``run`` zeros in a row are not: providers fill with zeros what they were not told.

    Examples
    --------
    >>> volume = pd.DataFrame({"volume": [0, 0, 0, 7, 0, 7]})
    >>> unreported(run=3).find(volume)["volume"].tolist()
    [True, True, True, False, False, False]
    """

    def find(frame: pd.DataFrame) -> pd.DataFrame:
        if column not in frame:
            return frame[[]].astype(bool)
        return pd.DataFrame({column: _long_runs(frame[column] == 0, run)})

    return Rule(f"0 for {run} bars or more, so not reported", find)


BAR_RULES = (positive(_PRICES), at_least(["volume"]), not_crossed("low", "high"), spikes(_PRICES), unreported())
"""Prices above zero, volume not below, high not below low, no price five times its neighbours, no stretch of zeros."""


def flat_note(frame: pd.DataFrame, run: int = _RUN) -> tuple[str, ...]:
    """Tell of stretches in which all four prices are the same: one price a day was known. Values are kept."""
    if not set(_PRICES) <= set(frame.columns):
        return ()
    prices = frame[[*_PRICES]]
    flat = _long_runs(prices.eq(prices["open"], axis=0).all(axis=1), run)
    if not flat.any():
        return ()
    last = frame.index[flat.to_numpy()][-1]
    return (f"{int(flat.sum())} bars up to {last:%Y-%m-%d} have open = high = low = close (kept)",)


def bars_from_frame(
    frame: pd.DataFrame,
    *,
    frequency: str,
    name: str = "own_bars",
    time: str = "",
    panel: str = "",
    columns: Sequence[str] = (),
    licence: str = "private",
    rules: Sequence[Rule] = BAR_RULES,
) -> FrameDomain:
    """Make a domain of bars of one's own, judged by the same rules; column names in any case (``Open``, ``open``).

    Parameters
    ----------
    frame
        One row for each bar, or for each bar and symbol.
    frequency
        ``"B"`` for exchanges with trading days, ``"D"`` for coins, ``"h"``, ``"min"``…
    name
        Of the domain.
    time, panel
        Column of the times (empty: the index), and column that tells symbols apart (empty: one symbol).
    columns
        Some of open, high, low, close, volume; empty takes those that are there.
    licence
        Goes into what is trained on the data.
    rules
        Empty believes every value.

    Raises
    ------
    DataError
        If the columns are absent, or times cannot be read.

    Examples
    --------
    >>> days = pd.date_range("2024-01-01", periods=5, freq="B")
    >>> bars_from_frame(pd.DataFrame({"Close": range(5, 10)}, index=days), frequency="B").series()[0].channels
    ('close',)
    """
    lower = frame.rename(columns=lambda column: str(column).lower())
    chosen = tuple(columns) or tuple(column for column in COLUMNS if column in lower)
    if not chosen:
        raise DataError(f"No bars in the columns {list(frame.columns)}; expected some of {COLUMNS}, in any case")
    return FrameDomain.from_frame(
        lower,
        frequency=frequency,
        name=name,
        columns=chosen,
        time=time.lower(),
        panel=panel.lower(),
        licence=licence,
        rules=rules,
    )


def bars_from_csv(
    path: str | Path,
    *,
    frequency: str,
    time: str = "Date",
    name: str = "",
    panel: str = "",
    columns: Sequence[str] = (),
    licence: str = "private",
    rules: Sequence[Rule] = BAR_RULES,
) -> FrameDomain:
    """Read a csv of bars, such as Yahoo's or Kaggle's; otherwise as :func:`bars_from_frame`."""
    table, sha256 = read_csv(path)
    domain = bars_from_frame(
        table,
        frequency=frequency,
        name=name or Path(path).name.split(".")[0],
        time=time,
        panel=panel,
        columns=columns,
        licence=licence,
        rules=rules,
    )
    return domain.citing(path, sha256)


def _long_runs(marks: pd.Series[bool], run: int) -> pd.Series[bool]:
    stretch = (marks != marks.shift()).cumsum()
    return marks & (marks.groupby(stretch).transform("size") >= run)
