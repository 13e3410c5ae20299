"""Plant, score, and see what is caught."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.anomaly.classical import neighbours, sub_pca
from benchmarks.anomaly.detectors import OURS, Row, on_windows
from benchmarks.anomaly.ours import OursRow
from benchmarks.injected.injections import KINDS
from tjepa_estimators.tasks.thresholds import AlarmRate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jaxtyping import Float

    from benchmarks.anomaly.classical import Score
    from benchmarks.injected.carriers import Carrier
    from benchmarks.injected.injections import Planted

__all__ = ["FALSE_ALARMS", "REPEATS", "RESOLUTIONS", "ROWS", "caught", "plant"]

FALSE_ALARMS = AlarmRate(alarms=1, steps=1000)
"""On the untouched stretch, which sets the threshold."""
REPEATS = 3
"""Anomalies of each kind and size in each series, each in a copy of its own."""
RESOLUTIONS: Mapping[str, int] = {"every step": 1, "means of 4": 4, "means of 16": 16}
ROWS: Mapping[str, Row | OursRow] = {
    "Sub-PCA": Row(on_windows(sub_pca)),
    "k-NN on windows": Row(on_windows(neighbours)),
    "level alone": OursRow({"scores": ("level",)}),
    "random encoder": OursRow(is_trained=False),
    **{f"JEPA, {name}": OursRow(alone=factor) for name, factor in RESOLUTIONS.items()},
    OURS: OursRow(),
}


def plant(carrier: Carrier, kind: str, size: float, seed: int) -> Iterator[Planted]:
    """Some anomalies of a kind and size; the same ones for every detector."""
    place = [*KINDS].index(kind)
    for repeat in range(REPEATS):
        rng = np.random.default_rng([seed, place, KINDS[kind].sizes.index(size), repeat, *carrier.name.encode()])
        yield KINDS[kind].plant(carrier.clean, size, rng)


def caught(score: Score, carrier: Carrier, seed: int) -> dict[tuple[str, float], int]:
    """How many anomalies of each kind and size raise an alarm that the untouched series does not."""
    quiet = score(carrier.clean)
    threshold = FALSE_ALARMS([quiet])
    return {
        (name, size): sum(
            _is_caught(score(one.values), quiet, threshold, one) for one in plant(carrier, name, size, seed)
        )
        for name, kind in KINDS.items()
        for size in kind.sizes
    }


def _is_caught(
    scores: Float[np.ndarray, "time"], quiet: Float[np.ndarray, "time"], threshold: float, planted: Planted
) -> bool:
    """Whether there is an alarm inside of the anomaly, at a step that had none before.

    Without the second condition a long drift would be caught by the false alarms that happen to lie in it.
    """
    inside = slice(planted.start, planted.stop)
    return bool(((scores[inside] > threshold) & (quiet[planted.origin[inside]] <= threshold)).any())
