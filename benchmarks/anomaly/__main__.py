"""Score what is not known yet, and write the page."""

from __future__ import annotations

from collections.abc import Sequence

import benchmarks.anomaly
from benchmarks.anomaly.cost import measure_costs
from benchmarks.anomaly.datasets import DATASETS, SPLITS
from benchmarks.anomaly.detectors import DETECTORS, installed
from benchmarks.anomaly.page import make_report
from benchmarks.anomaly.results import Results
from benchmarks.anomaly.runs import run
from benchmarks.report import arguments, data_folder, publish


def main(argv: Sequence[str] | None = None) -> None:
    parser = arguments("anomaly", benchmarks.anomaly.__doc__)
    parser.add_argument("--sets", nargs="+", default=list(DATASETS), choices=list(DATASETS), help="default: all")
    parser.add_argument("--split", default=SPLITS[0], choices=SPLITS, help="series to score; default: evaluation")
    parser.add_argument("--share", type=float, default=1.0, help="of the series of each set, for a smoke test")
    parser.add_argument("--seeds", type=int, default=1, help="number of seeds of what draws at random; default: 1")
    parser.add_argument("--rows", nargs="+", default=list(DETECTORS), choices=list(DETECTORS), help="default: all")
    options = parser.parse_args(argv)
    results, folder = Results(options.output), data_folder(options)
    rows = installed(options.rows)
    for seed in range(options.seeds):
        run(results, folder, options.sets, options.split, rows, [seed], options.share)
    costs = measure_costs(folder, options.output, rows)
    publish(make_report(results, costs, options.split), options, "python -m benchmarks.anomaly --data-dir PATH")


if __name__ == "__main__":
    main()
