"""Score what is not known yet, and write the page."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

import benchmarks.anomaly
from benchmarks.anomaly.datasets import DATASETS, Labelled, load
from benchmarks.anomaly.detectors import DETECTORS
from benchmarks.anomaly.page import make_report
from benchmarks.anomaly.results import Result, Results
from benchmarks.report import arguments, data_folder, publish
from benchmarks.timing import measure
from tjepa_estimators.tasks.metrics import auc_pr, period_buffer, volume_under_surface


def main(argv: Sequence[str] | None = None) -> None:
    parser = arguments("anomaly", benchmarks.anomaly.__doc__)
    parser.add_argument("--sets", nargs="+", default=list(DATASETS), choices=list(DATASETS), help="default: all")
    parser.add_argument("--series", type=int, default=2, help="series of each set, drawn by chance; default: 2")
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    results, folder = Results(options.output), data_folder(options)
    for dataset in options.sets:
        for series in load(folder, dataset, options.series):
            for detector in DETECTORS:
                if not results.has(dataset, series.name, 0, detector):
                    results.add(_run(dataset, series, 0, detector))
    publish(make_report(results), options, "python -m benchmarks.anomaly --data-dir PATH --sets SET --series NUMBER")


def _run(dataset: str, series: Labelled, seed: int, detector: str) -> Result:
    """Score one series by one detector."""
    scores = np.empty(0)

    def work() -> None:
        nonlocal scores
        scores = DETECTORS[detector](series, seed)

    timing = measure(work)
    buffer = period_buffer(np.concatenate([series.train, series.test]))
    return Result(
        dataset=dataset,
        series=series.name,
        seed=seed,
        detector=detector,
        vus_pr=volume_under_surface(scores, series.labels, buffer).pr,
        auc_pr=auc_pr(scores, series.labels),
        seconds=timing.cpu,
        steps=len(series.train) + len(series.test),
    )


if __name__ == "__main__":
    main()
