"""A threshold at which the training series raise no more alarms than are tolerated."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from tjepa_estimators.errors import ConfigError, ThresholdWarning
from tjepa_estimators.tasks.alarms import count_alarms
from tjepa_estimators.tasks.thresholds.rule import check_scores, require

if TYPE_CHECKING:
    import pandas as pd
    from jaxtyping import Float

__all__ = ["AlarmRate"]


@dataclass(frozen=True, slots=True)
class AlarmRate:
    """The training series raise so many alarms, where one alarm is a run of steps above the threshold.

    The lowest threshold at which, and above which, they raise no more; but never below their median, since a run as
    long as the series would be a single alarm as well: a :class:`~tjepa_estimators.errors.ThresholdWarning` tells of
    that. With less than one alarm to spare, their highest score.

    Parameters
    ----------
    alarms
        Alarms that are tolerated, on average, in ``steps`` steps.
    steps
        Steps in which they are; see :meth:`per_day`.
    gap
        Runs with at most so many quiet steps between them are one alarm.

    Examples
    --------
    >>> scores = np.array([0, 5, 5, 0, 3, 0, 9, 0, 0, 0.0])
    >>> AlarmRate(alarms=2, steps=10)([scores]), AlarmRate(alarms=1, steps=10)([scores])
    (3.0, 5.0)
    >>> AlarmRate(alarms=1, steps=10, gap=3)([scores])
    0.0
    """

    alarms: float = 1.0
    steps: float = 1000.0
    gap: int = 0

    def __post_init__(self) -> None:
        require(0.0 <= self.alarms < np.inf, "alarms must be at least 0", self.alarms)
        require(1.0 <= self.steps < np.inf, "steps must be at least 1", self.steps)
        require(self.gap >= 0, "gap must be at least 0", self.gap)

    @classmethod
    def per_day(cls, alarms: float, step: str | pd.Timedelta, gap: int = 0) -> Self:
        """So many alarms a day, for series with this time from step to step.

        Examples
        --------
        >>> AlarmRate.per_day(2, "5min")
        AlarmRate(alarms=2, steps=288.0, gap=0)
        """
        return cls(alarms, _steps_per_day(step), gap)

    def __call__(self, scores: Sequence[Float[np.ndarray, "time"]]) -> float:
        """Find the threshold."""
        series = check_scores(scores)
        pooled = np.concatenate(series)
        thresholds = np.unique(pooled)
        tolerated = self.alarms * len(pooled) / self.steps * (1.0 + 1e-9)  # rounding must not cost an alarm
        too_many = np.flatnonzero(count_alarms(series, self.gap, thresholds) > tolerated)
        lowest = thresholds[too_many[-1] + 1 if len(too_many) else 0]
        median = float(np.median(pooled))
        if lowest < median < thresholds[-1]:
            _warn_of_median(tolerated, len(pooled), float(np.mean(pooled > median)))
        return max(float(lowest), median)


def _warn_of_median(tolerated: float, steps: int, above: float) -> None:
    msg = (
        f"AlarmRate tolerates {tolerated:.3g} alarms in {steps} training steps, but even the median of their scores "
        "raises no more, because alarms are long or within the gap of each other. The median is the threshold now: "
        f"{above:.0%} of the training steps are in alarm; tolerate fewer alarms, shorten the gap or use Contamination."
    )
    warnings.warn(msg, ThresholdWarning, stacklevel=3)


def _steps_per_day(step: str | pd.Timedelta) -> float:
    import pandas as pd
    from pandas.tseries.frequencies import to_offset

    try:
        offset = to_offset(step)
    except ValueError:
        offset = None
    if not isinstance(offset, pd.offsets.Tick | pd.offsets.Day) or offset.n < 1:  # months and years differ in length
        msg = f'A step is a fixed time such as "5min", "1h" or a pandas.Timedelta; got {step!r}.'
        raise ConfigError(msg)
    day = pd.Timestamp("2000-01-01")
    return pd.Timedelta(days=1) / (day + offset - day)
