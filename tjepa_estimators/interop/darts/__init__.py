"""Darts: a forecasting model with everything that Darts' torch models can do, and an anomaly scorer."""

from __future__ import annotations

from tjepa_estimators.interop.darts.model import JEPAModel
from tjepa_estimators.interop.darts.scorer import JEPAScorer

__all__ = ["JEPAModel", "JEPAScorer"]
