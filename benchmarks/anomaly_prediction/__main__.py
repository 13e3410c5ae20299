"""Measure what is not known yet, and write the page."""

from __future__ import annotations

from collections.abc import Sequence

import torch

import benchmarks.anomaly_prediction
from benchmarks.anomaly_prediction.datasets import DATASETS, load
from benchmarks.anomaly_prediction.methods import installed
from benchmarks.anomaly_prediction.page import make_report
from benchmarks.anomaly_prediction.results import Results
from benchmarks.anomaly_prediction.scores import judge
from benchmarks.report import arguments, data_folder, publish


def main(argv: Sequence[str] | None = None) -> None:
    parser = arguments("anomaly_prediction", benchmarks.anomaly_prediction.__doc__)
    parser.add_argument("--sets", nargs="+", default=list(DATASETS), choices=list(DATASETS), help="default: both")
    parser.add_argument("--seeds", nargs="+", type=int, default=list(range(5)), help="default: 0 to 4")
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    results, folder = Results(options.output), data_folder(options)
    for dataset in options.sets:
        data = load(folder, dataset)
        for seed in options.seeds:
            for method, score in installed().items():
                if not results.has(dataset=dataset, method=method, seed=seed):
                    results.record(judge(score(data, seed), data), dataset=dataset, method=method, seed=seed)
    publish(make_report(results), options, "python -m benchmarks.anomaly_prediction --data-dir PATH")


if __name__ == "__main__":
    main()
