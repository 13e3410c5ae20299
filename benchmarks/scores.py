"""Scores of a long benchmark, one line per run, kept beside its page so that a stopped benchmark goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from benchmarks.scoring import Errors

__all__ = ["Scores"]


class Scores:
    """A table of errors with the columns of ``keys``, ``model``, ``seed``, ``mse`` and ``mae``.

    Parameters
    ----------
    page
        Page that the scores stand beside; None keeps them in memory.
    keys
        What is varied, beside model and seed.
    """

    def __init__(self, page: Path | None, keys: Sequence[str]) -> None:
        self.keys = [*keys, "model", "seed"]
        self._file = None if page is None else page.with_suffix(".csv")
        known = self._file is not None and self._file.exists()
        self.table = pd.read_csv(self._file) if known else pd.DataFrame(columns=[*self.keys, "mse", "mae"])

    def has(self, **where: object) -> bool:
        """Whether there is a score with these keys."""
        return bool(len(self._find(where)))

    def add(self, errors: Errors, **where: object) -> None:
        """Add a score and write the file."""
        line = pd.DataFrame([{**where, "mse": round(errors.mse, 5), "mae": round(errors.mae, 5)}])
        self.table = line if self.table.empty else pd.concat([self.table, line], ignore_index=True)
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self.table.sort_values(self.keys).to_csv(self._file, index=False)
        print(*where.values(), f"{errors.mse:.4f} {errors.mae:.4f}", flush=True)

    def cell(self, **where: object) -> str:
        """Mean and, over several seeds, deviation: ``MSE ± s / MAE ± s``; a dash where nothing was run."""
        found = self._find(where)
        if found.empty:
            return "–"
        return " / ".join(_spread(found[column]) for column in ("mse", "mae"))

    def mean(self, **where: object) -> float:
        """Mean squared error over seeds."""
        return float(self._find(where)["mse"].mean())

    def _find(self, where: Mapping[str, object]) -> pd.DataFrame:
        found = self.table
        for name, value in where.items():
            found = found[found[name] == value]
        return found


def _spread(values: pd.Series) -> str:
    mean = f"{values.mean():.4f}".lstrip("0")
    return mean if len(values) == 1 else f"{mean} ± {values.std():.4f}".replace("± 0.", "± .")
