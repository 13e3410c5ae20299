"""Above which score to raise an alarm, found on the scores of training series."""

from __future__ import annotations

from tjepa_estimators.tasks.thresholds.alarm_rate import AlarmRate
from tjepa_estimators.tasks.thresholds.choice import as_threshold
from tjepa_estimators.tasks.thresholds.contamination import Contamination
from tjepa_estimators.tasks.thresholds.peaks import PeaksOverThreshold
from tjepa_estimators.tasks.thresholds.rule import ThresholdRule

__all__ = ["AlarmRate", "Contamination", "PeaksOverThreshold", "ThresholdRule", "as_threshold"]
