"""A threshold that leaves a share of the training steps above it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tjepa_estimators.tasks.thresholds.rule import check_scores, require

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["Contamination"]


@dataclass(frozen=True, slots=True)
class Contamination:
    """A share of the training steps lies above the threshold.

    Parameters
    ----------
    share
        In (0, 0.5]. Of tied scores, fewer may lie above; where the highest ones are tied, all of these do.

    Examples
    --------
    >>> Contamination(0.1)([np.arange(101.0)])
    90.0
    """

    share: float = 0.05

    def __post_init__(self) -> None:
        require(0.0 < self.share <= 0.5, "a contamination (share) must lie in (0, 0.5]", self.share)

    def __call__(self, scores: Sequence[Float[np.ndarray, "time"]]) -> float:
        """Find the threshold."""
        known = np.concatenate(check_scores(scores))
        threshold = np.quantile(known, 1.0 - self.share)
        below = known[known < threshold]
        if threshold == known.max() and len(below):  # else nothing would lie above
            threshold = below.max()
        return float(threshold)
