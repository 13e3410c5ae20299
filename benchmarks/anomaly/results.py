"""Scores of single series, one to a line beside the page, so that the benchmark can be run in pieces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from benchmarks.anomaly.measures import Measures

if TYPE_CHECKING:
    from benchmarks.anomaly.detectors import Row
    from benchmarks.anomaly.ours import OursRow

__all__ = ["Result", "Results"]

_KEYS = ["dataset", "series", "seed", "detector"]


@dataclass(frozen=True, kw_only=True)
class Result(Measures):
    """What one detector reached on one series."""

    dataset: str
    series: str
    seed: int
    detector: str
    split: str


class Results:
    """All results so far.

    Parameters
    ----------
    page
        Page that the file stands beside; None keeps the results in memory.
    """

    def __init__(self, page: Path | None) -> None:
        self._file = None if page is None else page.with_suffix(".csv")
        measures = [field.name for field in fields(Result) if field.name not in _KEYS]
        self.table = pd.DataFrame(columns=[*_KEYS, *measures])
        if self._file is not None and self._file.exists():
            self.table = pd.read_csv(self._file)

    def has(self, dataset: str, series: str, seed: int, detector: str) -> bool:
        """Whether this was measured before."""
        return bool((self.table[_KEYS] == [dataset, series, seed, detector]).all(axis=1).any())

    def add(self, result: Result) -> None:
        """Add a result and write the file."""
        line = pd.DataFrame([asdict(result)])
        self.table = line[self.table.columns] if self.table.empty else pd.concat([self.table, line], ignore_index=True)
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self.table.sort_values(_KEYS).to_csv(self._file, index=False, float_format="%.5g")
        print(*(getattr(result, key) for key in _KEYS), f"{result.vus_pr:.3f}", flush=True)

    def complete(self, split: str, rows: Mapping[str, Row | OursRow]) -> pd.DataFrame:
        """Results of the series that every detector has scored, so that all means are over the same series.

        A further seed counts where every drawn detector has scored all of these series with it.
        """
        table = self.table[(self.table["split"] == split) & self.table["detector"].isin(list(rows))]
        scored = table[table["seed"] == 0].groupby(["dataset", "series"])["detector"].transform("nunique")
        first = table[table["seed"] == 0][scored == len(rows)]
        series = set(first["series"])
        drawn = [name for name, row in rows.items() if row.is_drawn]
        others = [
            part
            for seed, part in table[table["seed"] > 0].groupby("seed")
            if len(part[part["series"].isin(series) & part["detector"].isin(drawn)]) == len(drawn) * len(series)
        ]
        return pd.concat([first, *(part[part["series"].isin(series)] for part in others)])
