"""The extreme-value threshold on a stream: it follows the scores as they arrive, in bounded memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tjepa_estimators.errors import ConfigError, DataError
from tjepa_estimators.tasks.pareto import ParetoTail
from tjepa_estimators.tasks.thresholds import PeaksOverThreshold
from tjepa_estimators.tasks.thresholds.rule import check_scores

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["SPOT"]


class SPOT:
    """Keep the threshold of :class:`PeaksOverThreshold` up to date (SPOT of Siffer et al., KDD 2017, algorithm 2).

    The level stays where the training scores put it; each score above it is a peak, and the tail is fitted to the
    peaks anew.

    Parameters
    ----------
    scores
        Scores of the training series, ``[time]`` each.
    rule
        Its ``risk`` and ``level``.
    max_peaks
        Peaks to remember, the latest ones.
    learns_alarms
        Whether scores above the threshold are peaks as well. The paper leaves them out; but then normal scores that
        happen to exceed the threshold are missing in the tail, and it sinks: on 40,000 scores drawn from one
        distribution, two to four times the ``risk`` of 0.001 lay above it, and with the alarms about as many as
        promised. False where anomalies are frequent and high.

    Attributes
    ----------
    threshold
        The threshold now.
    level
        Scores above it are peaks.

    Examples
    --------
    >>> draw = np.random.default_rng(0)
    >>> spot = SPOT([draw.exponential(size=1000)], PeaksOverThreshold(risk=1e-4))
    >>> for score in draw.exponential(size=1000):
    ...     is_alarm = score > spot.threshold
    ...     threshold = spot.update(score)
    >>> round(threshold, 1)  # the truth: 9.2
    9.7
    """

    def __init__(
        self,
        scores: Sequence[Float[np.ndarray, "time"]],
        rule: PeaksOverThreshold | None = None,
        *,
        max_peaks: int = 1000,
        learns_alarms: bool = True,
    ) -> None:
        if max_peaks < 10:
            msg = f"max_peaks must be at least 10, the fewest that a tail can be fitted to; got {max_peaks!r}."
            raise ConfigError(msg)
        self.rule = rule or PeaksOverThreshold()
        self.learns_alarms = learns_alarms
        pooled = np.concatenate(check_scores(scores))
        self.level = self.rule.start(pooled)
        peaks = pooled[pooled > self.level] - self.level
        self._peaks = deque(peaks.tolist(), maxlen=max_peaks)
        self._seen, self._exceeded = len(pooled), len(peaks)
        self.threshold = self._renewed(new_peak=True)

    def update(self, score: float) -> float:
        """Learn from one score and return the threshold for the next.

        Raises
        ------
        DataError
            The score is NaN or infinite; nothing was learned.
        """
        if not np.isfinite(score):
            msg = f"A score must be finite, but got {score!r}; skip this step."
            raise DataError(msg)
        if score <= self.threshold or self.learns_alarms:
            self._learn(float(score))
        return self.threshold

    def _learn(self, score: float) -> None:
        self._seen += 1
        is_peak = score > self.level
        if is_peak:
            self._exceeded += 1
            self._peaks.append(score - self.level)
        self.threshold = self._renewed(new_peak=is_peak)

    def _renewed(self, *, new_peak: bool) -> float:
        if new_peak:
            self._tail = ParetoTail.fit(np.array(self._peaks))
        return self.rule.threshold(self.level, self._tail, self._exceeded / self._seen)
