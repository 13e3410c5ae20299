"""Plant what was not planted yet, and write the page and the plot."""

from __future__ import annotations

from collections.abc import Sequence

import torch

import benchmarks.injected
from benchmarks.anomaly.encoders import Encoders
from benchmarks.injected.carriers import carriers
from benchmarks.injected.page import make_report, plot
from benchmarks.injected.results import Recalls
from benchmarks.injected.study import REPEATS, ROWS, caught
from benchmarks.report import arguments, data_folder, publish


def main(argv: Sequence[str] | None = None) -> None:
    parser = arguments("injected", benchmarks.injected.__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="number of seeds")
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    recalls = Recalls(options.output)
    for parts, group in carriers(data_folder(options)):
        encoders = Encoders(parts)
        for seed in range(options.seeds):
            for carrier in group:
                for name, row in ROWS.items():
                    where = {"group": carrier.group, "series": carrier.name, "seed": seed, "detector": name}
                    if not recalls.has(**where):
                        score = row.fit(carrier.train, seed, encoders)
                        recalls.record(caught(score, carrier, seed), REPEATS, **where)
    if options.output is not None:
        plot(recalls.table, options.output.with_suffix(".svg"))
    publish(make_report(recalls.table), options, "python -m benchmarks.injected --data-dir PATH")


if __name__ == "__main__":
    main()
