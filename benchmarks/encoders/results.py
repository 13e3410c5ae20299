"""Numbers by measure, encoder, its size, tokens and seed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.ledger import Ledger, beside

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Results"]


class Results(Ledger):
    """All values so far; None for the page keeps them in memory."""

    def __init__(self, page: Path | None) -> None:
        super().__init__(beside(page), ["measure", "encoder", "size", "tokens", "seed"], ["value"])

    def record(self, value: float, **where: object) -> None:
        """Add a value and print it."""
        self.add({"size": "", "tokens": 0, "seed": 0, **where, "value": value})
        print(*where.values(), f"{value:.5g}", flush=True)

    def values(self, **where: object) -> pd.Series[float]:
        """The values with these keys, such as one for each seed."""
        return self.table.loc[self._are(where), "value"]

    def mean(self, **where: object) -> float:
        """Mean of the values with these keys; NaN where nothing was run."""
        return float(self.values(**where).mean())

    def cell(self, form: str, **where: object) -> str:
        """Mean and, over several seeds, deviation; a dash where nothing was run."""
        values = self.values(**where)
        if values.empty:
            return "–"
        mean = format(values.mean(), form)
        return mean if len(values) == 1 else f"{mean} ± {format(values.std(), form)}"
