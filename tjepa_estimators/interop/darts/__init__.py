"""Darts: a forecasting model with everything that Darts' torch models can do."""

from __future__ import annotations

from tjepa_estimators.interop.darts.model import JEPAModel

__all__ = ["JEPAModel"]
