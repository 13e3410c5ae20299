"""Above which score to raise an alarm, found on the scores of training series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np

from tjepa_estimators.errors import ConfigError, DataError
from tjepa_estimators.settings import as_settings
from tjepa_estimators.tasks.alarms import count_alarms
from tjepa_estimators.tasks.pareto import ParetoTail

if TYPE_CHECKING:
    import pandas as pd
    from jaxtyping import Float

__all__ = ["AlarmRate", "Contamination", "PeaksOverThreshold", "ThresholdRule", "as_threshold", "check_scores"]

_FEWEST_PEAKS = 10


class ThresholdRule(Protocol):
    """Finds the threshold from the scores ``[time]`` of each training series; above it is abnormal."""

    def __call__(self, scores: Sequence[Float[np.ndarray, "time"]], /) -> float:
        """Find the threshold."""


@dataclass(frozen=True, slots=True)
class Contamination:
    """A share of the training steps lies above the threshold.

    Parameters
    ----------
    share
        In (0, 0.5]. Of tied scores, fewer may lie above.

    Examples
    --------
    >>> Contamination(0.1)([np.arange(101.0)])
    90.0
    """

    share: float = 0.05

    def __post_init__(self) -> None:
        _require(0.0 < self.share <= 0.5, "a contamination (share) must lie in (0, 0.5]", self.share)

    def __call__(self, scores: Sequence[Float[np.ndarray, "time"]]) -> float:
        """Find the threshold."""
        return float(np.quantile(np.concatenate(check_scores(scores)), 1.0 - self.share))


@dataclass(frozen=True, slots=True)
class AlarmRate:
    """The training series raise so many alarms, where one alarm is a run of steps above the threshold.

    The lowest threshold at which, and above which, they raise no more; but never below their median, since a run as
    long as the series would be a single alarm as well. With less than one alarm to spare, their highest score.

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
        _require(0.0 <= self.alarms < np.inf, "alarms must be at least 0", self.alarms)
        _require(1.0 <= self.steps < np.inf, "steps must be at least 1", self.steps)
        _require(self.gap >= 0, "gap must be at least 0", self.gap)

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
        return float(max(lowest, np.median(pooled)))


@dataclass(frozen=True, slots=True)
class PeaksOverThreshold:
    """A step of normal data lies above the threshold with a given probability, be it rarer than any seen so far.

    The excesses over a high quantile follow a generalised Pareto distribution, whatever the scores do (Siffer et al.,
    "Anomaly detection in streams with extreme value theory", KDD 2017, equation 1). Fitted to them, it tells the
    threshold beyond the highest training score. ``risk`` counts steps, not alarms. As neighbouring scores depend on
    each other, the estimate is noisier than their number suggests.

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
        _require(0.0 < self.level < 1.0, "level must lie between 0 and 1", self.level)
        _require(0.0 < self.risk < 1.0 - self.level, f"risk must lie between 0 and 1 - level, {self.level=}", self.risk)

    def __call__(self, scores: Sequence[Float[np.ndarray, "time"]]) -> float:
        """Find the threshold."""
        pooled = np.concatenate(check_scores(scores))
        level = self.start(pooled)
        peaks = pooled[pooled > level] - level
        return self.threshold(level, ParetoTail.fit(peaks), len(peaks) / len(pooled))

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


_RULES: dict[str, type[Contamination | AlarmRate | PeaksOverThreshold]] = {
    "contamination": Contamination,
    "alarm_rate": AlarmRate,
    "pot": PeaksOverThreshold,
}
_BY_KEY = {"share": Contamination, "alarms": AlarmRate, "risk": PeaksOverThreshold}


def as_threshold(given: ThresholdRule | str | float | Mapping[str, Any]) -> ThresholdRule:
    """Turn what a user gave into a rule.

    Parameters
    ----------
    given
        A rule; the share of a :class:`Contamination`; a dict with the settings of one rule, told apart by ``"share"``,
        ``"alarms"`` or ``"risk"``; or ``"contamination"``, ``"alarm_rate"`` or ``"pot"`` for its defaults.

    Raises
    ------
    ConfigError
        Anything else, an unknown setting, or an impossible value.

    Examples
    --------
    >>> (
    ...     as_threshold(0.1),
    ...     as_threshold({"alarms": 2, "steps": 1440}),
    ...     as_threshold("pot"),
    ... )  # doctest: +NORMALIZE_WHITESPACE
    (Contamination(share=0.1), AlarmRate(alarms=2.0, steps=1440.0, gap=0),
     PeaksOverThreshold(risk=0.001, level=0.98))
    """
    if isinstance(given, str) and given in _RULES:
        return _RULES[given]()
    if isinstance(given, Mapping):
        kinds = [kind for key, kind in _BY_KEY.items() if key in given]
        if len(kinds) == 1:
            return as_settings(kinds[0], given)
    elif callable(given):
        return given
    elif isinstance(given, int | float | np.floating) and not isinstance(given, bool):
        return Contamination(float(given))
    msg = (
        f"A threshold is a share in (0, 0.5], one of {[*_RULES]}, a dict with just one of the keys {[*_BY_KEY]}, "
        f"or a rule such as AlarmRate(alarms=1, steps=1000); got {given!r}."
    )
    raise ConfigError(msg)


def check_scores(scores: Sequence[Float[np.ndarray, "time"]]) -> list[Float[np.ndarray, "time"]]:
    """Double precision, one array for each series that has any.

    Raises
    ------
    DataError
        There are none, they have more than one axis, or are not finite.
    """
    series = [np.asarray(one, dtype=np.float64) for one in scores if np.size(one)]
    if not series or any(one.ndim != 1 for one in series):
        shapes = [one.shape for one in series[:5]]
        msg = f"Expected a list of scores [time], one array for each series, but got arrays of the shapes {shapes}."
        raise DataError(msg)
    if not all(np.isfinite(one).all() for one in series):
        msg = "The training scores hold NaN or infinity; leave these steps out, they say nothing about a threshold."
        raise DataError(msg)
    return series


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


def _require(fact: bool, rule: str, given: object) -> None:
    if not fact:
        msg = f"{rule}; got {given!r}."
        raise ConfigError(msg)
