"""Scores of each row on each set, one to a line beside the page, so that a stopped run goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

__all__ = ["Results"]


class Results:
    """A table of numbers by some keys; a number counts for the weights that it was found with.

    Parameters
    ----------
    page
        Page that the file stands beside; None keeps the results in memory.
    name
        What the file is called after the page's own name; may be empty.
    keys
        What is varied.
    """

    def __init__(self, page: Path | None, name: str, keys: Sequence[str]) -> None:
        self.keys = list(keys)
        self._file = None if page is None else page.with_name(f"{page.stem}{name}.csv")
        self.table = pd.DataFrame(columns=[*keys, "weights"])
        if self._file is not None and self._file.exists():
            self.table = pd.read_csv(self._file, keep_default_na=False, na_values=["nan"])

    def has(self, weights: str = "", **where: object) -> bool:
        """Whether this was measured with these weights."""
        return bool((self._same(where) & (self.table["weights"] == weights)).any())

    def add(self, numbers: Mapping[str, float], weights: str = "", **where: object) -> None:
        """Add numbers, in place of older ones, and write the file."""
        line = pd.DataFrame([{**where, "weights": weights, **numbers}])
        kept = self.table[~self._same(where)]
        self.table = line if kept.empty else pd.concat([kept, line], ignore_index=True)
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            ordered = self.table.sort_values(self.keys)
            ordered.to_csv(self._file, index=False, float_format="%.5g", na_rep="nan")
        print(*where.values(), *(f"{name} {number:.4g}" for name, number in numbers.items()), flush=True)

    def pivot(self, row: str, column: str, value: str) -> pd.DataFrame:
        """One number of all that is known, as a table."""
        return self.table.pivot_table(index=row, columns=column, values=value, sort=False)

    def _same(self, where: Mapping[str, object]) -> pd.Series:
        return (self.table[list(where)] == list(where.values())).all(axis=1)
