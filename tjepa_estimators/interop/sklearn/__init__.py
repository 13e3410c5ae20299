"""Estimators for scikit-learn: outlier detectors, classifiers and a transformer on one pretrained encoder."""

from __future__ import annotations

from tjepa_estimators.interop.sklearn.classifier import JEPAClassifier
from tjepa_estimators.interop.sklearn.features import JEPAFeatures
from tjepa_estimators.interop.sklearn.outliers import JEPAOutlierDetector, JEPAWindowOutlierDetector
from tjepa_estimators.interop.sklearn.predictor import JEPAAnomalyPredictor

__all__ = ["JEPAAnomalyPredictor", "JEPAClassifier", "JEPAFeatures", "JEPAOutlierDetector", "JEPAWindowOutlierDetector"]
