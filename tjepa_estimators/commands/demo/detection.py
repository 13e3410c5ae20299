"""The labelled stretch of the electrocardiogram: scikit-learn's detector beside controls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import average_precision_score
from sklearn.neighbors import NearestNeighbors

from tjepa_estimators.data.domains import ecg

if TYPE_CHECKING:
    from jaxtyping import Bool, Float

    from tjepa_estimators.artifact import PretrainedEncoder

__all__ = ["Detection", "detect_ecg"]

_NEIGHBOURS = 5
_RAW_WINDOW = 160
"""Of 32 to 512 steps the length at which this control is about best, in the held-out part: it may have that."""
_STRIDE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """Scores of the held-out part of the electrocardiogram."""

    values: Float[np.ndarray, "time"]
    is_abnormal: Bool[np.ndarray, "time"]
    scores: dict[str, Float[np.ndarray, "time"]]
    """By method; higher is more abnormal."""

    def precision(self) -> dict[str, float]:
        """Area under the precision-recall curve of each method; scoring at random gives the share of the label."""
        known = {name: float(average_precision_score(self.is_abnormal, score)) for name, score in self.scores.items()}
        return {"random": float(self.is_abnormal.mean())} | known


def detect_ecg(encoder: PretrainedEncoder, control: PretrainedEncoder, window: int | None = None) -> Detection:
    """Learn what is normal from the training part, which has no labelled step, and score the rest.

    Parameters
    ----------
    encoder, control
        Pretrained, and with random weights.
    window
        Steps that both look at together; those that they were pretrained on if None.
    """
    from tjepa_estimators import JEPAOutlierDetector

    domain = ecg()
    train, test = (domain.series(split)[0].values for split in ("train", "test"))
    scores = {"k-NN on raw windows": _raw_neighbours(train, test)}
    for name, pretrained in (("random encoder", control), ("JEPA", encoder)):
        scores[name] = -JEPAOutlierDetector(window=window, pretrained=pretrained).fit(train).score_samples(test)
    return Detection(values=test[:, 0], is_abnormal=domain.labels("test")[0], scores=scores)


def _raw_neighbours(train: Float[np.ndarray, "time 1"], test: Float[np.ndarray, "time 1"]) -> Float[np.ndarray, "time"]:
    """Distance of each normalised window to its nearest ones in training, averaged over the windows at a step."""
    known, asked = (_windows(part[:, 0]) for part in (train, test))
    distance, _ = NearestNeighbors(n_neighbors=_NEIGHBOURS).fit(known).kneighbors(asked)
    total, count = np.zeros(len(test)), np.zeros(len(test))
    for begin, value in zip(range(0, len(test), _STRIDE), distance.mean(axis=1), strict=False):
        total[begin : begin + _RAW_WINDOW] += value
        count[begin : begin + _RAW_WINDOW] += 1
    return total / count


def _windows(values: Float[np.ndarray, "time"]) -> Float[np.ndarray, "windows length"]:
    windows = np.lib.stride_tricks.sliding_window_view(values, _RAW_WINDOW)[::_STRIDE]
    return (windows - windows.mean(axis=1, keepdims=True)) / windows.std(axis=1, keepdims=True).clip(1e-8)
