"""Errors of all runs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.ledger import Ledger, beside

if TYPE_CHECKING:
    import pandas as pd

    from benchmarks.transfer.held import Measures

__all__ = ["Results"]

_KEYS = ["target", "source", "share", "row", "seed"]
_MEASURES = ["mse", "mae", "mase", "plain_mse", "returns"]


class Results(Ledger):
    """All results so far; None for the page keeps them in memory."""

    def __init__(self, page: Path | None) -> None:
        super().__init__(beside(page), _KEYS, _MEASURES)

    def record(self, measures: Measures, **where: object) -> None:
        """Add a result and print it."""
        self.add({**where, **asdict(measures)})
        print(*where.values(), f"{measures.mse:.4f} {measures.mase:.3f}", flush=True)

    def of(self, row: str, target: str, source: str, share: int, measure: str = "mse") -> pd.Series:
        """A measure by seed; what does not depend on source or share is found whatever they are."""
        table = self.table
        found = table[
            (table["row"] == row)
            & (table["target"] == target)
            & table["source"].isin([source, "-"])
            & table["share"].isin([share, 0])
        ]
        return found.set_index("seed")[measure].sort_index()
