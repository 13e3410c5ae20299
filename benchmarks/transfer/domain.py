"""A domain of this study: series with the two moments that split them into training, validation and test part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["CONTEXT", "HORIZON", "Domain", "Record", "cut", "history"]

CONTEXT, HORIZON = 128, 24


@dataclass(frozen=True, eq=False)
class Record:
    """One series."""

    name: str
    values: Float[np.ndarray, "time"]
    """NaN where nothing was observed."""
    ends: tuple[int, int]
    """Steps before the validation and before the test part."""

    @property
    def train(self) -> Float[np.ndarray, "train"]:
        """What may be learned from."""
        return self.values[: self.ends[0]]

    @property
    def num_windows(self) -> int:
        """Windows with their targets in the training part."""
        return max(0, self.ends[0] - CONTEXT - HORIZON + 1)


@dataclass(frozen=True, eq=False)
class Domain:
    """Series of one kind on one grid of time."""

    name: str
    records: Sequence[Record]
    season: int
    """Steps after which the seasonal naive forecast repeats."""
    is_price: bool = False
    """Whether its changes are what counts."""

    @property
    def targets(self) -> list[Record]:
        """The series to forecast; those that end before the test part are sources only."""
        return [one for one in self.records if len(one.values) >= one.ends[1] + HORIZON and one.num_windows]

    @property
    def sources(self) -> list[Float[np.ndarray, "train"]]:
        """The training parts of all series."""
        return [one.train for one in self.records if one.num_windows]


def cut(table: pd.DataFrame, moments: tuple[str, str], prefix: str = "") -> list[Record]:
    """A record for each column of a table with a regular index of dates, from its first to its last observation."""
    records = []
    for name in table:
        column = table[name].loc[table[name].first_valid_index() : table[name].last_valid_index()]
        first, second = column.index.searchsorted(pd.to_datetime(list(moments)))
        records.append(Record(f"{prefix}{name}", column.to_numpy(np.float32), (int(first), int(second))))
    return records


def history(record: Record, share: int) -> Float[np.ndarray, "steps"]:
    """The latest steps of the training part that hold ``share`` % of its windows, one window at least.

    This is what someone has whose records began late: the last days, and nothing before them.
    """
    windows = max(1, round(record.num_windows * share / 100))
    return record.train[-(CONTEXT + HORIZON + windows - 1) :]
