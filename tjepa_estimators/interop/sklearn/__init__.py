"""Estimators for scikit-learn: two outlier detectors and a transformer on one pretrained encoder."""

from __future__ import annotations

from tjepa_estimators.interop.sklearn.features import JEPAFeatures
from tjepa_estimators.interop.sklearn.outliers import JEPAOutlierDetector, JEPAWindowOutlierDetector

__all__ = ["JEPAFeatures", "JEPAOutlierDetector", "JEPAWindowOutlierDetector"]
