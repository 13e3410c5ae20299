"""A threshold from the upper tail of the training scores, be it beyond all of them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tjepa_estimators.errors import DataError, ThresholdWarning
from tjepa_estimators.tasks.pareto import ParetoTail
from tjepa_estimators.tasks.thresholds.rule import check_scores, require

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["PeaksOverThreshold"]

_FEWEST_PEAKS = 10
_HIGHEST_VOTE = 1.0
"""Where fused votes and ranks end, be a step ever so abnormal."""


@dataclass(frozen=True, slots=True)
class PeaksOverThreshold:
    """A step of normal data lies above the threshold with a given probability, be it rarer than any seen so far.

    The excesses over a high quantile follow a generalised Pareto distribution, whatever the scores do (Siffer et al.,
    "Anomaly detection in streams with extreme value theory", KDD 2017, equation 1). Fitted to them, it tells the
    threshold beyond the highest training score. ``risk`` counts steps, not alarms. As neighbouring scores depend on
    each other, the estimate is noisier than their number suggests.

    The tail knows no end of the scale: for a tiny risk it may lead beyond 1, which fused votes never reach. A
    :class:`~tjepa_estimators.errors.ThresholdWarning` tells of that.

    Parameters
    ----------
    risk
        Probability that a step of normal data lies above the threshold; below ``1 - level``.
    level
        The quantile whose excesses are fitted; at least ten of these must differ. The threshold is never below it.

    Examples
    --------
    >>> scores = np.random.default_rng(0).exponential(size=2000)
    >>> float(scores.max().round(1)), round(PeaksOverThreshold(risk=1e-5)([scores]), 1)  # the truth: 11.5
    (8.2, 11.0)
    """

    risk: float = 1e-3
    level: float = 0.98

    def __post_init__(self) -> None:
        require(0.0 < self.level < 1.0, "level must lie between 0 and 1", self.level)
        require(0.0 < self.risk < 1.0 - self.level, f"risk must lie between 0 and 1 - level, {self.level=}", self.risk)

    def __call__(self, scores: Sequence[Float[np.ndarray, "time"]]) -> float:
        """Find the threshold."""
        pooled = np.concatenate(check_scores(scores))
        level = self.start(pooled)
        peaks = pooled[pooled > level] - level
        threshold = self.threshold(level, ParetoTail.fit(peaks), len(peaks) / len(pooled))
        if np.abs(pooled).max() <= _HIGHEST_VOTE <= threshold:
            msg = (
                f"The threshold for risk={self.risk} is {threshold:.3g}, but no training score is above 1, and with "
                'fusion="mean", "agreement" or "rank" none ever is: no step will be abnormal. Take a larger risk.'
            )
            warnings.warn(msg, ThresholdWarning, stacklevel=2)
        return threshold

    def start(self, scores: Float[np.ndarray, "time"]) -> float:
        """The quantile ``level``, where enough scores exceed it.

        Raises
        ------
        DataError
            Fewer than ten different scores do.
        """
        level = float(np.quantile(scores, self.level))
        found = len(np.unique(scores[scores > level]))
        if found < _FEWEST_PEAKS:
            msg = (
                f"Of {len(scores)} training scores only {found} different ones exceed their {self.level} quantile, but "
                f"{_FEWEST_PEAKS} are needed; lower level, give longer series, or use Contamination."
            )
            raise DataError(msg)
        return level

    def threshold(self, level: float, tail: ParetoTail, exceeded: float) -> float:
        """The threshold, where the share ``exceeded`` of the scores exceeds ``level`` by what ``tail`` says."""
        return level + max(0.0, tail.exceeded_with(self.risk / exceeded))
