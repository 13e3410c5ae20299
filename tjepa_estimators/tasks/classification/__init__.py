"""Classification of windows of series, or of samples of another kind, on a pretrained encoder."""

from __future__ import annotations

from tjepa_estimators.tasks.classification.config import ClassificationConfig
from tjepa_estimators.tasks.classification.task import ClassificationTask

__all__ = ["ClassificationConfig", "ClassificationTask"]
