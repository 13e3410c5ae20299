"""How many anomalies were caught, by series, detector, kind and size."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from benchmarks.ledger import Ledger, beside

__all__ = ["Recalls"]


class Recalls(Ledger):
    """All results so far; None for the page keeps them in memory."""

    def __init__(self, page: Path | None) -> None:
        keys = ["group", "series", "seed", "detector"]
        super().__init__(beside(page), keys, ["kind", "size", "caught", "planted"])

    def record(self, caught: Mapping[tuple[str, float], int], planted: int, **where: object) -> None:
        """Add the results of a detector on a series and print them."""
        lines = [
            {**where, "kind": kind, "size": size, "caught": count, "planted": planted}
            for (kind, size), count in sorted(caught.items())
        ]
        self.add(*lines)
        print(*where.values(), sum(caught.values()), "of", planted * len(caught), flush=True)
