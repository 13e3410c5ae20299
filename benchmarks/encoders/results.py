"""Numbers of a long benchmark, one to a line beside its page, so that it can be run in pieces."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

__all__ = ["Results"]

_KEYS = ["measure", "encoder", "size", "tokens", "seed"]


class Results:
    """A table of values by measure, encoder, its size, tokens and seed.

    Parameters
    ----------
    page
        Page that the file stands beside; None keeps the values in memory.
    """

    def __init__(self, page: Path | None) -> None:
        self._file = None if page is None else page.with_suffix(".csv")
        known = self._file is not None and self._file.exists()
        self._table = pd.read_csv(self._file) if known else pd.DataFrame(columns=[*_KEYS, "value"])

    def has(self, **where: object) -> bool:
        """Whether there is a value with these keys."""
        return bool(len(self.values(**where)))

    def add(self, value: float, **where: object) -> None:
        """Add a value and write the file."""
        line = pd.DataFrame([{"size": "", "tokens": 0, "seed": 0, **where, "value": float(f"{value:.5g}")}])
        self._table = line if self._table.empty else pd.concat([self._table, line], ignore_index=True)
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._table.sort_values(_KEYS)[[*_KEYS, "value"]].to_csv(self._file, index=False)
        print(*where.values(), f"{value:.5g}", flush=True)

    def values(self, **where: object) -> pd.Series:
        """The values with these keys, such as one for each seed."""
        found = self._table
        for name, value in where.items():
            found = found[found[name] == value]
        return found["value"]

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
