"""Precision and recall at one threshold."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PrecisionRecall"]


@dataclass(frozen=True, slots=True)
class PrecisionRecall:
    """What the alarms above a threshold are worth.

    Examples
    --------
    >>> PrecisionRecall(precision=0.5, recall=1.0, threshold=3.0).f1
    0.666...
    """

    precision: float
    """Between 0 and 1; 0 where no alarm was raised."""
    recall: float
    """Between 0 and 1."""
    threshold: float
    """An alarm is a score above it."""

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, 0 where both are."""
        total = self.precision + self.recall
        return 2.0 * self.precision * self.recall / total if total else 0.0
