"""A table beside a page, written line by line, so that a benchmark that was stopped goes on where it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

__all__ = ["Ledger", "beside"]


def beside(page: Path | None, name: str = "") -> Path | None:
    """The file that belongs to a page; None, which keeps a table in memory, if there is none."""
    return None if page is None else page.with_name(f"{page.stem}{name}.csv")


class Ledger:
    """Lines by some keys.

    Parameters
    ----------
    file
        Where the lines are kept; None keeps them in memory.
    keys
        Columns that lines are told apart and sorted by; a text among them may be empty.
    measures
        Other columns.
    """

    def __init__(self, file: Path | None, keys: Sequence[str], measures: Sequence[str] = ()) -> None:
        self.keys = list(keys)
        self.table = pd.DataFrame(columns=[*keys, *measures])
        self._file = file
        if file is not None and file.exists():
            self.table = pd.read_csv(file)
            self.table[self.keys] = self.table[self.keys].fillna("")

    def has(self, **where: object) -> bool:
        """Whether there is such a line."""
        return bool(self._are(where).any())

    def add(self, *lines: Mapping[str, object], instead_of: Mapping[str, object] | None = None) -> None:
        """Add lines, in place of others if told so, and write the file."""
        new = pd.DataFrame(lines)
        new = new[[*self.keys, *new.columns.difference(self.keys, sort=False)]]
        kept = self.table if instead_of is None else self.table[~self._are(instead_of)]
        self.table = new if kept.empty else pd.concat([kept, new], ignore_index=True)
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            ordered = self.table.sort_values(self.keys, kind="stable")
            ordered.to_csv(self._file, index=False, float_format="%.5g")

    def _are(self, where: Mapping[str, object]) -> pd.Series[bool]:
        return (self.table[list(where)] == list(where.values())).all(axis=1)
