"""Figures of single runs, one to a line beside the page, so that the benchmark can be run in pieces."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from benchmarks.anomaly_prediction.scores import MEASURES

__all__ = ["Results"]

_KEYS = ["dataset", "method", "seed"]


class Results:
    """All results so far.

    Parameters
    ----------
    page
        Page that the file stands beside; None keeps the results in memory.
    """

    def __init__(self, page: Path | None) -> None:
        self._file = None if page is None else page.with_suffix(".csv")
        self.table = pd.DataFrame(columns=[*_KEYS, *MEASURES])
        if self._file is not None and self._file.exists():
            self.table = pd.read_csv(self._file)

    def has(self, dataset: str, method: str, seed: int) -> bool:
        """Whether this was measured before."""
        return bool((self.table[_KEYS] == [dataset, method, seed]).all(axis=1).any())

    def add(self, dataset: str, method: str, seed: int, figures: dict[str, float]) -> None:
        """Add a result and write the file."""
        line = {**dict(zip(_KEYS, (dataset, method, seed), strict=True)), **figures}
        frame = pd.DataFrame([line])
        self.table = frame if self.table.empty else pd.concat([self.table, frame], ignore_index=True)
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self.table.sort_values(_KEYS).to_csv(self._file, index=False, float_format="%.5g")
        print(*(f"{value:.1f}" if isinstance(value, float) else value for value in line.values()), flush=True)
