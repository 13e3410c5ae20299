"""Fit the head of a forecasting network in closed form and report how it compares."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import torch

from tjepa_estimators.tasks.quantiles import ResidualQuantiles
from tjepa_estimators.tasks.ridge import Choice, Moments, choose, solve
from tjepa_estimators.tasks.rows import PARTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jaxtyping import Float
    from torch import Tensor

    from tjepa_estimators.tasks.network import ForecastNetwork
    from tjepa_estimators.tasks.rows import Rows, TrainingRows

__all__ = ["HeadReport", "fit_head"]

HeldRows: TypeAlias = "tuple[Float[Tensor, 'rows p'], Float[Tensor, 'rows h'], Float[Tensor, 'rows 1']]"
"""Features, targets and weights of held-out rows."""

_RUNS = 10
"""Runs of neighbouring held-out rows that the standard error of a gain is estimated from."""
_FEW_ROWS = 8
"""Held-out or training rows below which strengths cannot be chosen; a strong one is taken then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadReport:
    """How the head was fitted, and mean squared errors on the held-out tail in units of each series' variance."""

    rows: int
    centre: str
    """What the ridge shrinks towards: the ``"mean"`` of the window, or its ``"last"`` value."""
    strengths: dict[str, float]
    """Ridge strength of each block of features in use."""
    repeat_last: float
    """Error of repeating the last value."""
    errors: dict[str, float] = field(default_factory=dict)
    """Error of each combination of blocks; ``"lookback"`` is the linear baseline."""


def fit_head(
    network: ForecastNetwork,
    rows: TrainingRows,
    held_out: TrainingRows | None = None,
    required: Sequence[str] = (),
) -> tuple[HeadReport, ResidualQuantiles]:
    """Solve the head in closed form; blocks and strengths are chosen on rows that were held out.

    Parameters
    ----------
    network
        Its head gets the solution; blocks that are not chosen get zero weight and are no longer computed.
    rows
        Rows to fit on. Their latest part is held out for the choice; then all of them are used.
    held_out
        Other rows for the choice; then ``rows`` are all fitted on, and these never are.
    required
        Blocks that must be used, whatever the choice would be.
    """
    sums = {part: Moments.zeros(network.head.in_features, network.horizon) for part in PARTS}
    held: list[HeldRows] = []
    repeated = 0.0
    with torch.inference_mode():
        for part, batch in _batches(rows, held_out):
            x, y, weight = _weighted(network, batch)
            sums[part].add(x, y)
            if part == "held_out":
                held.append((x, y, weight))
                repeated += float((batch.target - _last(batch.context)).div(batch.scale).square().sum())
    centre, choice = _choose(network, sums["train"], sums["held_out"], held, required)
    start = _starts(network)[centre]

    def solution(moments: Moments) -> Float[Tensor, "p h"]:
        return start + solve(moments.around(start), network.blocks, choice.strengths)

    residuals = _residuals(held, solution(sums["train"]))
    total = sums["train"] + sums["gap"] + sums["held_out"] if held_out is None else sums["train"]
    with torch.no_grad():
        network.head.weight.copy_(solution(total).T)
    count = max(1, sums["held_out"].rows * network.horizon)
    report = HeadReport(
        rows=total.rows,
        centre=centre,
        strengths=choice.strengths,
        repeat_last=repeated / count,
        errors={name: error / count for name, error in choice.errors.items()},
    )
    return report, ResidualQuantiles.fit(residuals.double().numpy())


def _batches(rows: TrainingRows, held_out: TrainingRows | None) -> Iterator[tuple[str, Rows]]:
    """All rows with the part that they play."""
    for part in PARTS:
        yield from ((part if held_out is None else "train", batch) for batch in rows.batches(part))
        if held_out is not None:
            yield from (("held_out", batch) for batch in held_out.batches(part))


def _choose(
    network: ForecastNetwork, train: Moments, held_out: Moments, held: list[HeldRows], required: Sequence[str]
) -> tuple[str, Choice]:
    """What to shrink towards, by the lookback alone; then blocks and strengths."""
    blocks = network.blocks
    if min(train.rows, held_out.rows) < _FEW_ROWS:
        return "mean", Choice({name: 1.0 for name in blocks if name == "lookback" or name in required})
    judged = {centre: (train.around(start), held_out.around(start)) for centre, start in _starts(network).items()}
    lookback = {"lookback": blocks["lookback"]}
    errors = {centre: choose(*sums, lookback).errors["lookback"] for centre, sums in judged.items()}
    centre = min(errors, key=errors.__getitem__)
    start = _starts(network)[centre]

    def is_clear(without: Tensor, with_block: Tensor) -> bool:
        return _gains_clearly(held, start + without, start + with_block)

    return centre, choose(*judged[centre], blocks, required=required, is_clear=is_clear)


def _gains_clearly(held: list[HeldRows], without: Float[Tensor, "p h"], with_block: Float[Tensor, "p h"]) -> bool:
    """Whether the mean gain over the held-out rows exceeds its standard error.

    Windows that overlap err alike, so the error is estimated from runs of neighbouring rows, not from rows.
    Source: the one-standard-error rule of Breiman et al., "Classification and Regression Trees" (1984).
    """
    gains = torch.cat(
        [
            (y - x @ without.to(x.dtype)).square().sum(dim=1) - (y - x @ with_block.to(x.dtype)).square().sum(dim=1)
            for x, y, _ in held
        ]
    )
    runs = torch.stack([run.mean() for run in gains.tensor_split(min(_RUNS, len(gains)))])
    return bool(runs.mean() > runs.std() / len(runs) ** 0.5)


def _starts(network: ForecastNetwork) -> dict[str, Float[Tensor, "p h"]]:
    """Coefficients that the ridge may shrink towards: those that repeat the window's mean, or its last value.

    A random walk is forecast by its last value, a stationary series by its mean.
    """
    mean = torch.zeros(network.head.in_features, network.horizon, dtype=torch.float64)
    last = mean.clone()
    last[network.blocks["lookback"].stop - 1] = 1.0
    return {"mean": mean, "last": last}


def _weighted(
    network: ForecastNetwork, batch: Rows
) -> tuple[Float[Tensor, "rows p"], Float[Tensor, "rows h"], Float[Tensor, "rows 1"]]:
    """Features and targets of rows in units of their series' deviation.

    This is least squares on the windows' own scale weighted by their variance: unweighted, a nearly
    constant window would count as much as a lively one, and its rounding errors explode.
    """
    x, stats = network.features(batch.context, batch.covariates)
    weight = (stats.std / batch.scale).to(x.dtype)
    return x * weight, ((batch.target - stats.mean) / batch.scale).to(x.dtype), weight


def _last(context: Float[Tensor, "rows time"]) -> Float[Tensor, "rows 1"]:
    """The last observed value of each window."""
    step = torch.arange(context.shape[1]).expand_as(context)
    return context.gather(1, torch.where(context.isnan(), -1, step).max(dim=1, keepdim=True).values)


def _residuals(held: list[HeldRows], coefficients: Float[Tensor, "p h"]) -> Float[Tensor, "rows h"]:
    """Held-out residuals in units of each window's own deviation."""
    parts = [(y - x @ coefficients.to(x.dtype)) / weight for x, y, weight in held]
    rows = torch.cat(parts) if parts else torch.zeros(0, coefficients.shape[1])
    return rows[rows.isfinite().all(dim=1)]
