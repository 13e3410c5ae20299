"""Estimators for sktime: a forecaster, a detector and an embedder on one pretrained encoder."""

from __future__ import annotations

from tjepa_estimators.interop.sktime.detector import JEPADetector
from tjepa_estimators.interop.sktime.embedder import JEPAEmbedder
from tjepa_estimators.interop.sktime.forecaster import JEPAForecaster

__all__ = ["JEPADetector", "JEPAEmbedder", "JEPAForecaster"]
