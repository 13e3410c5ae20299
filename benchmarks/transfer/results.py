"""Errors of all runs, one to a line beside the page, so that a stopped study goes on."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from benchmarks.transfer.held import Measures

__all__ = ["Results"]

_KEYS = ["target", "source", "share", "row", "seed"]
_MEASURES = ["mse", "mae", "mase", "plain_mse", "returns"]


class Results:
    """All results so far; None for the page keeps them in memory."""

    def __init__(self, page: Path | None) -> None:
        self._file = None if page is None else page.with_suffix(".csv")
        known = self._file is not None and self._file.exists()
        self.table = pd.read_csv(self._file) if known else pd.DataFrame(columns=[*_KEYS, *_MEASURES])

    def has(self, target: str, source: str, share: int, row: str, seed: int) -> bool:
        """Whether this was run before."""
        return bool((self.table[_KEYS] == [target, source, share, row, seed]).all(axis=1).any())

    def add(self, measures: Measures, target: str, source: str, share: int, row: str, seed: int) -> None:
        """Add a result and write the file."""
        key = dict(zip(_KEYS, [target, source, share, row, seed], strict=True))
        line = pd.DataFrame([key | asdict(measures)])
        self.table = line if self.table.empty else pd.concat([self.table, line], ignore_index=True)
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self.table.sort_values(_KEYS).to_csv(self._file, index=False, float_format="%.5g")
        print(*key.values(), f"{measures.mse:.4f} {measures.mase:.3f}", flush=True)

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
