"""Run what is not known yet, and write the page."""

from __future__ import annotations

from collections.abc import Sequence

import torch

import benchmarks.world_model
from benchmarks.ledger import Ledger, beside
from benchmarks.report import arguments, publish
from benchmarks.world_model.observed import INPUTS
from benchmarks.world_model.page import make_report
from benchmarks.world_model.rollouts import HORIZONS
from benchmarks.world_model.study import ENCODERS, OWN, run
from benchmarks.world_model.worlds import WORLDS


def main(argv: Sequence[str] | None = None) -> None:
    parser = arguments("world_model", benchmarks.world_model.__doc__)
    parser.add_argument("--worlds", nargs="+", default=list(WORLDS), choices=list(WORLDS), help="default: all")
    parser.add_argument("--inputs", nargs="+", default=list(INPUTS), choices=list(INPUTS), help="default: all")
    rows = [*ENCODERS, *(one + OWN for one in ENCODERS)]
    parser.add_argument(
        "--rows", nargs="+", default=rows, choices=rows, help=f"default: all; '{OWN}': states of the maze"
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(5)), help="others chose settings")
    parser.add_argument("--episodes", type=int, default=5, help="episodes of each planner and seed")
    options = parser.parse_args(argv)
    torch.set_num_threads(1)
    plans = Ledger(beside(options.output), ["world", "input", "row", "cost", "seed"], ["score", "order"])
    measures = [f"h{one}" for one in HORIZONS]
    keys = ["world", "input", "row", "predictor", "seed"]
    rollouts = Ledger(beside(options.output, "_rollouts"), keys, measures)
    for seed in options.seeds:
        for world in options.worlds:
            for kind in options.inputs:
                run(plans, rollouts, world, kind, seed, options.episodes, tuple(options.rows))
    publish(make_report(plans, rollouts), options, "python -m benchmarks.world_model")


if __name__ == "__main__":
    main()
