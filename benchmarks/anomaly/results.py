"""Scores of single series, one to a line beside the page, so that the benchmark can be run in pieces."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from pathlib import Path

import pandas as pd

__all__ = ["Result", "Results"]

_KEYS = ["dataset", "series", "seed", "detector"]


@dataclass(frozen=True, kw_only=True)
class Result:
    """What one detector reached on one series."""

    dataset: str
    series: str
    seed: int
    detector: str
    vus_pr: float
    auc_pr: float
    seconds: float
    """CPU time of fitting and scoring."""
    steps: int
    """Of both parts together."""


class Results:
    """All results so far.

    Parameters
    ----------
    page
        Page that the file stands beside; None keeps the results in memory.
    """

    def __init__(self, page: Path | None) -> None:
        self._file = None if page is None else page.with_suffix(".csv")
        self.table = pd.DataFrame(columns=[field.name for field in fields(Result)])
        if self._file is not None and self._file.exists():
            self.table = pd.read_csv(self._file)

    def has(self, dataset: str, series: str, seed: int, detector: str) -> bool:
        """Whether this was measured before."""
        return bool((self.table[_KEYS] == [dataset, series, seed, detector]).all(axis=1).any())

    def add(self, result: Result) -> None:
        """Add a result and write the file."""
        line = pd.DataFrame([asdict(result)])
        self.table = line if self.table.empty else pd.concat([self.table, line], ignore_index=True)
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self.table.sort_values(_KEYS).to_csv(self._file, index=False, float_format="%.5g")
        print(*asdict(result).values(), flush=True)

    def complete(self, detectors: list[str]) -> pd.DataFrame:
        """Results of the series that every detector has scored, so that all means are over the same series."""
        table = self.table[self.table["detector"].isin(detectors)]
        scored = table.groupby(["dataset", "series", "seed"])["detector"].transform("nunique")
        return table[scored == len(detectors)]
