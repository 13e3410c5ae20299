"""The page: tables of rollouts and of planning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import benchmarks.world_model
from benchmarks.report import Report, Table, spread
from benchmarks.world_model.episodes import HORIZON, PLANNER
from benchmarks.world_model.rollouts import HORIZONS
from benchmarks.world_model.study import RANDOM, TRUE

if TYPE_CHECKING:
    import pandas as pd

    from benchmarks.ledger import Ledger

__all__ = ["make_report", "margins"]


def make_report(plans: Ledger, rollouts: Ledger) -> Report:
    """All that is known so far."""
    seeds = sorted(set(plans.table["seed"]))
    return Report(
        title="World models and planning",
        compared=(benchmarks.world_model.__doc__ or "").strip(),
        tables=[_rollouts(rollouts.table), _plans(plans.table)],
        seeds=", ".join(map(str, seeds)),
        notes=[
            f"{PLANNER.method}, {PLANNER.candidates} candidates, {PLANNER.iterations} iterations, horizon {HORIZON}",
        ],
        packages=("torch", "numpy", "gymnasium"),
    )


def margins(plans: pd.DataFrame) -> pd.DataFrame:
    """Each line with its share of the true-dynamics planner's margin over random actions, by seed."""
    keys = ["world", "seed"]
    ends = {row: plans[plans["row"] == row].set_index(keys)["score"] for row in (RANDOM, TRUE)}
    index = plans.set_index(keys).index
    low, high = (ends[row].reindex(index).to_numpy(float) for row in (RANDOM, TRUE))
    return plans.assign(margin=100 * (plans["score"].to_numpy(float) - low) / (high - low))


def _rollouts(table: pd.DataFrame) -> Table:
    keys = ["world", "input", "row", "predictor"]
    columns = [f"h{one}" for one in HORIZONS]
    rows = [
        [", ".join(map(str, key)), *(f"{group[one].astype(float).mean():.3f}" for one in columns)]
        for key, group in table.groupby(keys, sort=True)
    ]
    header = ["world, input, latents, predictor", *(f"{one} steps" for one in HORIZONS)]
    return Table(header, rows, "Squared error of rollouts, copy-last = 1 in the same space (lower is better)")


def _plans(table: pd.DataFrame) -> Table:
    rows = [
        [", ".join(map(str, key)), *(spread(group[one], 2) for one in ("score", "margin", "order")), str(len(group))]
        for key, group in margins(table).groupby(["world", "input", "row", "cost"], sort=True)
    ]
    header = ["world, input, latents, cost", "score", "% of the margin", "order", "seeds"]
    caption = (
        "Planning: mean return in Pendulum, share of goals reached in the maze; and the share of the margin that the "
        "true-dynamics planner has over random actions (higher is better). Order: Spearman correlation of a latent's "
        "distance to the goal's with the true distance, speeds apart, where it was measured"
    )
    return Table(header, rows, caption)
