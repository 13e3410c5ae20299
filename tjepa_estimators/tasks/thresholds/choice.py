"""A threshold rule from what a user gave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.settings import as_settings
from tjepa_estimators.tasks.thresholds.alarm_rate import AlarmRate
from tjepa_estimators.tasks.thresholds.contamination import Contamination
from tjepa_estimators.tasks.thresholds.peaks import PeaksOverThreshold

if TYPE_CHECKING:
    from tjepa_estimators.tasks.thresholds.rule import ThresholdRule

__all__ = ["as_threshold"]

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
