"""Run the rows that are not known yet, set by set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from benchmarks.anomaly.datasets import SPLITS, Labelled, load
from benchmarks.anomaly.encoders import Encoders
from benchmarks.anomaly.measures import judge
from benchmarks.anomaly.ours import OursRow, SharedFits
from benchmarks.anomaly.results import Result, Results

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float

    from benchmarks.anomaly.detectors import Row

__all__ = ["run"]


def run(
    results: Results,
    folder: Path,
    datasets: Sequence[str],
    split: str,
    rows: Mapping[str, Row | OursRow],
    seeds: Sequence[int] = (0,),
    share: float = 1.0,
) -> None:
    """Score the first ``share`` of the series of each set; detectors that draw nothing, with the first seed only."""
    torch.set_num_threads(1)
    for dataset in datasets:
        parts = {name: load(folder, dataset, name) for name in SPLITS}
        encoders = Encoders([one.train for part in parts.values() for one in part])
        chosen = parts[split][: max(1, round(share * len(parts[split])))]
        for seed in seeds:
            for series in chosen:
                missing = {
                    name: row
                    for name, row in rows.items()
                    if (row.is_drawn or seed == 0)
                    and not results.has(dataset=dataset, series=series.name, seed=seed, detector=name)
                }
                for name, scores in _scores(series, seed, missing, encoders):
                    key = {"dataset": dataset, "series": series.name, "seed": seed, "detector": name, "split": split}
                    results.record(Result(**asdict(judge(scores, series)), **key))


def _scores(
    series: Labelled, seed: int, rows: Mapping[str, Row | OursRow], encoders: Encoders
) -> Iterator[tuple[str, Float[np.ndarray, "test"]]]:
    """Scores of one series by each detector."""
    shared = SharedFits([row for row in rows.values() if isinstance(row, OursRow)], series, seed, encoders)
    for name, row in rows.items():
        yield name, shared(row) if isinstance(row, OursRow) else row.fit(series.train, seed, encoders)(series.test)
