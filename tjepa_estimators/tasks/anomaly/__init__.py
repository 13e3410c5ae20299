"""Anomaly detection with a pretrained encoder: arrays in, one score per step out."""

from __future__ import annotations

from tjepa_estimators.tasks.anomaly.config import AnomalyConfig
from tjepa_estimators.tasks.anomaly.explanation import Explanation
from tjepa_estimators.tasks.anomaly.task import AnomalyStream, AnomalyTask

__all__ = ["AnomalyConfig", "AnomalyStream", "AnomalyTask", "Explanation"]
