"""Measures of anomaly scores against labels: volumes, areas, ranges, events. Arrays in, numbers out."""

from __future__ import annotations

from tjepa_estimators.tasks.metrics.affiliation import affiliation_precision_recall
from tjepa_estimators.tasks.metrics.auc import auc_pr, auc_roc
from tjepa_estimators.tasks.metrics.best_threshold import best_f1, even_thresholds, rank_thresholds
from tjepa_estimators.tasks.metrics.events import EventReport, event_recall, report_events
from tjepa_estimators.tasks.metrics.period import period_buffer
from tjepa_estimators.tasks.metrics.point_adjust import PointAdjustedF1, point_adjusted_f1
from tjepa_estimators.tasks.metrics.precision_recall import PrecisionRecall
from tjepa_estimators.tasks.metrics.range_based import range_precision_recall
from tjepa_estimators.tasks.metrics.vus import VUS, volume_under_surface

__all__ = [
    "VUS",
    "EventReport",
    "PointAdjustedF1",
    "PrecisionRecall",
    "affiliation_precision_recall",
    "auc_pr",
    "auc_roc",
    "best_f1",
    "even_thresholds",
    "event_recall",
    "period_buffer",
    "point_adjusted_f1",
    "range_precision_recall",
    "rank_thresholds",
    "report_events",
    "volume_under_surface",
]
