"""What a method reached: the threshold comes from the validation part, all figures from the test part."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from tjepa_estimators.interop.sklearn.time_blocks import best_f1_threshold

if TYPE_CHECKING:
    from jaxtyping import Bool, Float

    from benchmarks.anomaly_prediction.datasets import Prediction

__all__ = ["MEASURES", "judge"]

MEASURES = ("f1", "auc", "auc_pr", "clean_f1", "clean_auc", "clean_auc_pr")


def judge(scores: Float[np.ndarray, "rows"], data: Prediction) -> dict[str, float]:
    """F1 and areas in percent, on all test windows and on those that hold no anomaly themselves."""
    threshold = best_f1_threshold(scores[data.parts["validation"]], data.y[data.parts["validation"]])
    test = np.zeros(len(data.y), dtype=bool)
    test[data.parts["test"]] = True
    whole, clean = (_figures(scores[rows], data.y[rows], threshold) for rows in (test, test & ~data.current))
    return {**whole, **{f"clean_{name}": value for name, value in clean.items()}}


def _figures(scores: Float[np.ndarray, "rows"], truth: Bool[np.ndarray, "rows"], threshold: float) -> dict[str, float]:
    return {
        "f1": 100.0 * float(f1_score(truth, scores > threshold)),
        "auc": 100.0 * float(roc_auc_score(truth, scores)),
        "auc_pr": 100.0 * float(average_precision_score(truth, scores)),
    }
