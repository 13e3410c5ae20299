"""Score what is not known yet, and write the page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import benchmarks.zero_shot
from benchmarks.report import arguments, data_folder, publish
from benchmarks.zero_shot.cost import run_costs
from benchmarks.zero_shot.long_horizon import CONTROLS, DATA, run_long_horizons
from benchmarks.zero_shot.page import make_report
from benchmarks.zero_shot.results import Results
from benchmarks.zero_shot.runs import BASELINES, run_sets
from benchmarks.zero_shot.sets import SETS
from tjepa_estimators.artifact import resolve_pretrained


def main(argv: Sequence[str] | None = None) -> None:
    parser = arguments("zero_shot", benchmarks.zero_shot.__doc__)
    parser.add_argument("--pretrained", default="tjepa-tiny", help="artifact to score; default: the bundled weights")
    parser.add_argument("--rows", nargs="+", default=[], metavar="NAME=PATH", help="further artifacts, as ablations")
    parser.add_argument("--sets", nargs="*", default=list(SETS), choices=list(SETS), help="default: all")
    parser.add_argument(
        "--data", nargs="*", default=list(DATA), choices=DATA, help="of the long horizons; default: all"
    )
    parser.add_argument("--baselines", action="store_true", help="only the rows that need no weights of ours")
    options = parser.parse_args(argv)
    folder = data_folder(options)
    named = {} if options.baselines else {Path(options.pretrained).name: options.pretrained}
    named |= dict(row.split("=", 1) for row in options.rows)
    artifacts = {name: resolve_pretrained(path) for name, path in named.items()}
    sets = Results(options.output, "", ["set", "row"])
    run_sets(sets, folder, options.sets, list(BASELINES), artifacts)
    horizons = Results(options.output, "_horizons", ["data", "row"])
    run_long_horizons(horizons, folder, options.data, list(CONTROLS), artifacts)
    costs = Results(options.output, "_cost", ["row"])
    run_costs(costs, folder, list(BASELINES), artifacts)
    publish(make_report(sets, horizons, costs), options, "python -m benchmarks.zero_shot --data-dir PATH")


if __name__ == "__main__":
    main()
