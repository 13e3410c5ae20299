"""Seconds for a thousand series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from benchmarks.timing import take_turns
from benchmarks.zero_shot.pretrained import ours, zero_shot_task
from benchmarks.zero_shot.runs import BASELINES
from benchmarks.zero_shot.sets import load

if TYPE_CHECKING:
    from benchmarks.zero_shot.results import Results
    from tjepa_estimators import PretrainedEncoder

__all__ = ["QUANTILES", "ROUNDS", "SERIES", "THREADS", "run_costs"]

SERIES, THREADS, ROUNDS = 1_000, 2, 5
QUANTILES = ", nine quantiles"
_FEW = {"fracast": 32, "AutoETS": 4, "AutoTheta": 16}
"""Series that the slow ones are timed on."""


def run_costs(
    results: Results, folder: Path, baselines: Sequence[str], artifacts: Mapping[str, PretrainedEncoder]
) -> None:
    """Wall and CPU seconds for 48 steps of M4's hourly series, repeated up to a thousand."""
    windows = load(folder, "M4 hourly")
    whole = windows.take(np.arange(SERIES) % len(windows))
    rivals, shares, weights = {}, {}, {}
    for name in baselines:
        shares[name] = SERIES / _FEW.get(name, SERIES)
        rivals[name] = partial(BASELINES[name], whole.take(np.arange(_FEW.get(name, SERIES))))
    for name, one in artifacts.items():
        task = zero_shot_task(one, whole.horizon)
        rivals[name] = partial(task.predict, whole.recent(task.context_length_)[..., None])
        rivals[name + QUANTILES] = partial(ours, one, whole)
        weights |= dict.fromkeys((name, name + QUANTILES), one.info.weights_sha256)
    rivals = {name: work for name, work in rivals.items() if not results.has(weights=weights.get(name, ""), row=name)}
    torch.set_num_threads(THREADS)
    for name, timing in take_turns(rivals, ROUNDS).items():
        spent = timing * shares.get(name, 1.0)
        results.record({"wall": spent.wall, "cpu": spent.cpu}, weights.get(name, ""), row=name)
