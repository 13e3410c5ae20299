"""Time of one step of model-predictive control: encoding, search and verdict, by number of candidates and iterations.

The aim is 50 ms for 256 candidates and a horizon of 15 on two cores.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import torch
from tjepa_world import Controller, LatentWorldModel, Trajectories

from benchmarks.report import Report, Table, arguments, publish
from tjepa_estimators import pretrain

_CANDIDATES, _ITERATIONS = (64, 256, 1024), (1, 3)
_HORIZON, _REPEATS = 15, 15


def main(argv: Sequence[str] | None = None) -> None:
    options = arguments("planning_speed", __doc__).parse_args(argv)
    random = np.random.default_rng(0)
    seen = Trajectories(list(random.standard_normal((50, 31, 3))), list(random.uniform(-1, 1, (50, 30, 1))))
    encoder = pretrain(seen.items, config="vectors-tiny", train={"steps": 2})
    model = LatentWorldModel(encoder, train={"steps": 2}).fit(seen)
    rows = [
        [f"{candidates} candidates, {iterations} iterations", *_times(model, seen, candidates, iterations)]
        for candidates in _CANDIDATES
        for iterations in _ITERATIONS
    ]
    table = Table([f"horizon {_HORIZON}", "median ms", "fastest ms"], rows, "One step of control")
    report = Report(
        title="Speed of planning",
        compared=(__doc__ or "").strip(),
        tables=[table],
        packages=("torch", "numpy"),
        notes=[f"{_REPEATS} steps each, torch threads: {torch.get_num_threads()}"],
    )
    publish(report, options, "python -m benchmarks.planning_speed")


def _times(model: LatentWorldModel, seen: Trajectories, candidates: int, iterations: int) -> tuple[str, str]:
    planner = {"candidates": candidates, "iterations": iterations}
    control, taken = Controller(model, seen.items[0], bounds=(-1, 1), horizon=_HORIZON, planner=planner), []
    for observation in seen.items[:_REPEATS]:
        begun = time.perf_counter()
        control(observation)
        taken.append(1000 * (time.perf_counter() - begun))
    return f"{np.median(taken):.1f}", f"{min(taken):.1f}"


if __name__ == "__main__":
    main()
