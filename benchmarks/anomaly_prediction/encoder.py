"""The encoder of the benchmark: pretrained on the official training parts of a set, and nothing else."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from benchmarks.anomaly_prediction.datasets import WINDOW
from tjepa_estimators import JEPAConfig, pretrain
from tjepa_estimators.tasks.resolutions import at_resolution
from tjepa_estimators.training.run import untrained

if TYPE_CHECKING:
    import numpy as np

    from benchmarks.anomaly_prediction.datasets import Prediction
    from tjepa_estimators import PretrainedEncoder

__all__ = ["JEPA", "RESOLUTIONS", "STEPS", "make_encoder"]

JEPA = JEPAConfig(context_length=WINDOW, future_length=WINDOW, patch_length=10)
RESOLUTIONS = (1, 4)
STEPS = 500


@lru_cache(maxsize=2)
def make_encoder(data: Prediction, seed: int, *, trained: bool = True) -> PretrainedEncoder:
    """Pretrain on the training parts and their averages; or take the random weights that this would start from."""
    views = [at_resolution(part, factor) for part in _alive(data.normal) for factor in RESOLUTIONS]
    train = {"steps": STEPS, "seed": seed, "threads": 1, "progress": False}
    return pretrain(views, config=JEPA, train=train) if trained else untrained(views, config=JEPA, train=train)


def _alive(parts: list[np.ndarray]) -> list[np.ndarray]:
    """The channels of each file that ever move; constant ones teach nothing, and most are."""
    moving = [part[:, part.std(axis=0) > 0] for part in parts]
    return [part for part in moving if part.shape[1]]
