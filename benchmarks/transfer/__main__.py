"""Run what is not known yet, and write the page and the plot."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import torch

import benchmarks.transfer
from benchmarks.report import arguments, data_folder, publish
from benchmarks.transfer.daily import DAILY
from benchmarks.transfer.held import SPLITS
from benchmarks.transfer.page import make_report
from benchmarks.transfer.picture import plot
from benchmarks.transfer.results import Results
from benchmarks.transfer.rows import ROWS
from benchmarks.transfer.runs import SHARES, reader, run
from benchmarks.transfer.scales import SCALES


def main(argv: Sequence[str] | None = None) -> None:
    parser = arguments("transfer", benchmarks.transfer.__doc__)
    names = {"nargs": "+", "default": list(DAILY), "choices": list(DAILY)}
    parser.add_argument("--sources", **names, help="default: all")
    parser.add_argument("--targets", **names, help="default: all")
    parser.add_argument("--shares", nargs="+", type=int, default=list(SHARES), help="per cent of the target's windows")
    parser.add_argument("--rows", nargs="+", default=list(ROWS), choices=list(ROWS), help="default: all")
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds")
    parser.add_argument("--scales", action="store_true", help="only transfer across scales of time")
    parser.add_argument(
        "--split", default="test", choices=SPLITS, help="validation chooses settings and writes nothing"
    )
    parser.add_argument("--work", type=Path, help="folder to keep pretrained encoders in, for a study run in pieces")
    options = parser.parse_args(argv)
    if options.split != "test":
        options.output = None
    torch.set_num_threads(1)
    results, domains = Results(options.output), reader(data_folder(options))
    cross = [pair for pair in product(options.sources, options.targets) if pair[0] != pair[1]]
    pairs = [*SCALES.values()] if options.scales else cross
    run(
        results, domains, pairs, shares=options.shares, seeds=options.seeds, rows=options.rows, split=options.split,
        work=options.work,
    )  # fmt: skip
    if options.output is not None:
        plot(results, options.output.with_suffix(".svg"))
    publish(make_report(results), options, "python -m benchmarks.transfer --data-dir PATH")


if __name__ == "__main__":
    main()
