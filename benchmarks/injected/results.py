"""How many anomalies were caught, one line for each series, detector, kind and size, beside the page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from benchmarks.injected.carriers import Carrier

__all__ = ["Recalls"]

_KEYS = ["group", "series", "seed", "detector"]
_COLUMNS = [*_KEYS, "kind", "size", "caught", "planted"]


class Recalls:
    """All results so far; None for the page keeps them in memory."""

    def __init__(self, page: Path | None) -> None:
        self._file = None if page is None else page.with_suffix(".csv")
        known = self._file is not None and self._file.exists()
        self.table = pd.read_csv(self._file) if known else pd.DataFrame(columns=_COLUMNS)

    def has(self, carrier: Carrier, seed: int, detector: str) -> bool:
        """Whether this was measured before."""
        return bool((self.table[_KEYS] == [carrier.group, carrier.name, seed, detector]).all(axis=1).any())

    def add(
        self, carrier: Carrier, seed: int, detector: str, caught: Mapping[tuple[str, float], int], planted: int
    ) -> None:
        """Add the results of a detector on a series and write the file."""
        key = [carrier.group, carrier.name, seed, detector]
        lines = pd.DataFrame(
            [[*key, kind, size, count, planted] for (kind, size), count in caught.items()], columns=_COLUMNS
        )
        self.table = lines if self.table.empty else pd.concat([self.table, lines], ignore_index=True)
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self.table.sort_values([*_KEYS, "kind", "size"]).to_csv(self._file, index=False)
        print(*key, sum(caught.values()), "of", planted * len(caught), flush=True)
