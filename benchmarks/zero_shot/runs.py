"""Score what is not known yet, set by set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from benchmarks.zero_shot.classical import CLASSICAL
from benchmarks.zero_shot.measures import judge
from benchmarks.zero_shot.pretrained import fracast, ours
from benchmarks.zero_shot.sets import load

if TYPE_CHECKING:
    from benchmarks.zero_shot.results import Results
    from tjepa_estimators import PretrainedEncoder

__all__ = ["BASELINES", "run_sets"]

BASELINES = {**CLASSICAL, "fracast": fracast}


def run_sets(
    results: Results,
    folder: Path,
    sets: Sequence[str],
    baselines: Sequence[str],
    artifacts: Mapping[str, PretrainedEncoder],
) -> None:
    """Forecast the windows of each set with each row."""
    torch.set_num_threads(1)
    rows = {name: ("", BASELINES[name]) for name in baselines}
    rows |= {name: (one.info.weights_sha256, partial(ours, one)) for name, one in artifacts.items()}
    for name in sets:
        missing = {row: it for row, it in rows.items() if not results.has(weights=it[0], set=name, row=row)}
        if not missing:
            continue
        windows = load(folder, name)
        for row, (weights, forecast) in missing.items():
            results.record(asdict(judge(forecast(windows), windows)), weights, set=name, row=row)
