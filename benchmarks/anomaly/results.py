"""Scores of single series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from benchmarks.anomaly.measures import Measures
from benchmarks.ledger import Ledger, beside

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


class Results(Ledger):
    """All results so far; None for the page keeps them in memory."""

    def __init__(self, page: Path | None) -> None:
        measures = [field.name for field in fields(Result) if field.name not in _KEYS]
        super().__init__(beside(page), _KEYS, measures)

    def record(self, result: Result) -> None:
        """Add a result and print it."""
        self.add(asdict(result))
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
