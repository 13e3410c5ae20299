"""All rows of the table: a name, and what scores the test part after learning from the training part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.anomaly.classical import CLASSICAL, chance, classical
from tjepa_estimators import JEPAConfig
from tjepa_estimators.tasks.anomaly import AnomalyTask
from tjepa_estimators.training.run import untrained

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float

    from benchmarks.anomaly.datasets import Labelled

__all__ = ["CHANCE", "DETECTORS", "JEPA", "RESOLUTIONS", "STEPS", "STRIDE"]

JEPA = JEPAConfig(context_length=192, future_length=64, patch_length=8)
"""What :class:`~tjepa_estimators.tasks.anomaly.AnomalyTask` takes by default."""
RESOLUTIONS = (1, 4, 16)
STEPS = 200
"""Of pretraining, on the training part of each series anew."""
STRIDE = 32
"""Between windows; the default of half a patch makes eight times as many."""
CHANCE = "random scores"

Detector = Callable[["Labelled", int], "Float[np.ndarray, 'test']"]


def pretrained(config: Mapping[str, Any], series: Labelled, seed: int) -> Float[np.ndarray, "test"]:
    """Score with an encoder that has seen the training part of this series, and nothing else."""
    task = AnomalyTask(
        {**config, "stride": STRIDE, "seed": seed}, jepa=JEPA, train={"steps": STEPS, "seed": seed, "threads": 1}
    )
    return task.fit(series.train).score(series.test)


def random_weights(series: Labelled, seed: int) -> Float[np.ndarray, "test"]:
    """Score with the encoder that pretraining starts from, on the windows that it would have."""
    config = JEPA.fit_to(len(series.train) // 4)
    encoder = untrained(series.train, config=config, train={"seed": seed})
    return AnomalyTask({"stride": STRIDE, "seed": seed}, pretrained=encoder).fit(series.train).score(series.test)


DETECTORS: Mapping[str, Detector] = {
    CHANCE: chance,
    **{name: partial(classical, name) for name in CLASSICAL},
    "random encoder": random_weights,
    "JEPA, one resolution": partial(pretrained, {}),
    "JEPA, three, max": partial(pretrained, {"resolutions": RESOLUTIONS, "fusion": "max"}),
    "JEPA, three, mean": partial(pretrained, {"resolutions": RESOLUTIONS, "fusion": "mean"}),
}
