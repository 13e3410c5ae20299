"""Scores of each row on each set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.ledger import Ledger, beside

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Results"]


class Results(Ledger):
    """Numbers by some keys; a number counts for the weights that it was found with.

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
        super().__init__(beside(page, name), [*keys, "weights"])

    def record(self, numbers: Mapping[str, float], weights: str = "", **where: object) -> None:
        """Add numbers, in place of those of other weights, and print them."""
        self.add({**where, "weights": weights, **numbers}, instead_of=where)
        print(*where.values(), *(f"{name} {number:.4g}" for name, number in numbers.items()), flush=True)

    def pivot(self, row: str, column: str, value: str) -> pd.DataFrame:
        """One number of all that is known, as a table."""
        return self.table.pivot_table(index=row, columns=column, values=value, sort=False)
