"""Figures of single runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from benchmarks.anomaly_prediction.scores import MEASURES
from benchmarks.ledger import Ledger, beside

__all__ = ["Results"]


class Results(Ledger):
    """All results so far; None for the page keeps them in memory."""

    def __init__(self, page: Path | None) -> None:
        super().__init__(beside(page), ["dataset", "method", "seed"], MEASURES)

    def record(self, figures: Mapping[str, float], **where: object) -> None:
        """Add a result and print it."""
        self.add({**where, **figures})
        print(*where.values(), *(f"{value:.1f}" for value in figures.values()), flush=True)
