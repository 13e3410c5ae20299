"""Fit the head of a forecasting network in closed form and report how it compares."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

from tjepa_estimators.data.scaling import instance_stats
from tjepa_estimators.tasks.choice import choose_head
from tjepa_estimators.tasks.quantiles import DecodedQuantiles, ResidualQuantiles, choose_quantiles
from tjepa_estimators.tasks.ridge import Moments
from tjepa_estimators.tasks.rows import PARTS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from jaxtyping import Float
    from torch import Tensor

    from tjepa_estimators.tasks.choice import HeadChoice, HeldRows
    from tjepa_estimators.tasks.network import ForecastNetwork
    from tjepa_estimators.tasks.rows import Rows, TrainingRows

__all__ = ["MORE_ROWS", "HeadReport", "fit_head"]

MORE_ROWS = 4
"""How many times the rows are used where no encoder has to be run on them."""
_CENTRING = 4096
"""Rows that the mean latent is taken over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadReport:
    """How the head was fitted, and mean squared errors on the held-out tail in units of each series' variance."""

    rows: int
    centre: str
    """What the ridge shrinks towards: the ``"mean"`` of the window, its ``"last"`` value, or what is ``"decoded"``."""
    strengths: dict[str, float]
    """Ridge strength of each block of features in use."""
    repeat_last: float
    """Error of repeating the last value."""
    errors: dict[str, float] = field(default_factory=dict)
    """Error of each combination of blocks; ``"lookback"`` is the linear baseline. With an encoder that decodes values
    also that of what is ``"decoded"``, as it is; combinations that correct it begin with ``"decoded+"``."""
    quantiles: str = "residual"
    """Where quantiles come from: ``"residual"``, from the held-out residuals; ``"decoded"``, for each window."""

    @property
    def chosen(self) -> str:
        """Which of ``errors`` is that of the head; nothing where nothing was fitted."""
        return "+".join([*(["decoded"] if self.centre == "decoded" and self.strengths else []), *self.strengths])

    @classmethod
    def untrained(cls) -> HeadReport:
        """The report of a head that was not fitted at all."""
        return cls(rows=0, centre="decoded", strengths={}, repeat_last=math.nan, quantiles="decoded")


def fit_head(
    network: ForecastNetwork,
    rows: TrainingRows,
    held_out: TrainingRows | None = None,
    required: Sequence[str] = (),
) -> tuple[HeadReport, ResidualQuantiles | DecodedQuantiles]:
    """Solve the head in closed form; blocks and strengths are chosen on rows that were held out.

    Parameters
    ----------
    network
        Its head gets the solution; blocks that are not chosen get zero weight and are no longer computed.
    rows
        Rows to fit on. Their latest part is held out for the choice; then all of them are used. Where the head does
        not read the latents, four times as many are: without the encoder they cost little.
    held_out
        Other rows for the choice; then ``rows`` are all fitted on, and these never are.
    required
        Blocks that must be used, whatever the choice would be.
    """
    held: list[HeldRows] = []
    windows: list[Tensor] = []
    repeated = 0.0
    with torch.inference_mode():
        _centre_latents(network, rows)
        sums = {part: Moments.zeros(network.head.in_features, network.horizon) for part in PARTS}
        for part, batch in _batches(rows, held_out):
            x, y, weight = _weighted(network, batch)
            sums[part].add(x, y)
            if part == "held_out":
                held.append((x, y, weight))
                windows.append(batch.context)
                repeated += float((batch.target - _last(batch.context)).div(batch.scale).square().sum())
        choice = choose_head(network, sums["train"], sums["held_out"], held, required)
        quantiles = _quantiles(network, choice, windows, _residuals(held, choice.solve(network, sums["train"])))
        total = sums["train"] + sums["gap"] + sums["held_out"] if held_out is None else sums["train"]
        reads_encoder = "latents" in choice.blocks.strengths or choice.centre == "decoded"
        if "latents" in network.blocks and not reads_encoder:
            total = _more(network, rows)
    with torch.no_grad():
        network.head.weight.copy_(choice.solve(network, total).T)
    count = max(1, sums["held_out"].rows * network.horizon)
    report = HeadReport(
        rows=total.rows,
        centre=choice.centre,
        strengths=choice.blocks.strengths,
        repeat_last=repeated / count,
        errors={name: error / count for name, error in choice.blocks.errors.items()},
        quantiles="decoded" if isinstance(quantiles, DecodedQuantiles) else "residual",
    )
    return report, quantiles


def _centre_latents(network: ForecastNetwork, rows: TrainingRows) -> None:
    """Learn the mean latent, over some of the rows to fit on, weighted as they are in the fit."""
    if "latents" not in network.blocks:
        return
    network.latent_mean.zero_()
    index = rows.index["train"]
    # not every n-th row: channels are neighbours, and a step that their number divides would see one of them only
    chosen = torch.randperm(len(index), generator=torch.Generator().manual_seed(0))[:_CENTRING]
    batch = rows.rows(index[chosen])
    x, _, weight = _weighted(network, batch)
    total = weight.square().sum().clamp(min=torch.finfo(x.dtype).tiny)
    network.latent_mean.copy_((x[:, network.blocks["latents"]] * weight).sum(dim=0) / total)


def _more(network: ForecastNetwork, rows: TrainingRows) -> Moments:
    """Sums over more rows, without the latents: their columns stay zero."""
    sums = Moments.zeros(network.head.in_features, network.horizon)
    used = [name for name in network.blocks if name not in {"latents", "decoded"}]
    columns = torch.cat([torch.arange(network.blocks[name].start, network.blocks[name].stop) for name in used])
    part = Moments.zeros(len(columns), network.horizon)
    for _, batch in _batches(rows.with_budget(MORE_ROWS * rows.max_rows), None):
        x, y, _ = _weighted(network, batch, used)
        part.add(x, y)
    sums.xx[columns.unsqueeze(1), columns] = part.xx
    sums.xy[columns] = part.xy
    sums.yy, sums.rows = part.yy, part.rows
    return sums


def _batches(rows: TrainingRows, held_out: TrainingRows | None) -> Iterator[tuple[str, Rows]]:
    """All rows with the part that they play."""
    for part in PARTS:
        yield from ((part if held_out is None else "train", batch) for batch in rows.batches(part))
        if held_out is not None:
            yield from (("held_out", batch) for batch in held_out.batches(part))


def _weighted(
    network: ForecastNetwork, batch: Rows, blocks: Collection[str] | None = None
) -> tuple[Float[Tensor, "rows p"], Float[Tensor, "rows h"], Float[Tensor, "rows 1"]]:
    """Features and targets of rows in units of their series' deviation.

    This is least squares on the windows' own scale weighted by their variance: unweighted, a nearly
    constant window would count as much as a lively one, and its rounding errors explode.
    """
    x, stats = network.features(batch.context, batch.covariates, blocks)
    weight = (stats.std / batch.scale).to(x.dtype)
    return x * weight, ((batch.target - stats.mean) / batch.scale).to(x.dtype), weight


def _last(context: Float[Tensor, "rows time"]) -> Float[Tensor, "rows 1"]:
    """The last observed value of each window."""
    step = torch.arange(context.shape[1]).expand_as(context)
    return context.gather(1, torch.where(context.isnan(), -1, step).max(dim=1, keepdim=True).values)


def _residuals(held: list[HeldRows], coefficients: Float[Tensor, "p h"]) -> Float[Tensor, "rows h"]:
    """Held-out residuals in units of each window's own deviation."""
    parts = [(y - x @ coefficients.to(x.dtype)) / weight for x, y, weight in held]
    return torch.cat(parts).double() if parts else torch.zeros(0, coefficients.shape[1])


def _quantiles(
    network: ForecastNetwork, choice: HeadChoice, windows: list[Tensor], residuals: Float[Tensor, "rows h"]
) -> ResidualQuantiles | DecodedQuantiles:
    """Those of the residuals, or decoded ones where the head corrects what is decoded."""
    usable = residuals.isfinite().all(dim=1)
    if network.decoder is None or choice.centre != "decoded":
        return ResidualQuantiles.fit(residuals[usable].numpy())
    window = torch.cat(windows)[usable] if windows else torch.zeros(0, network.context_length)
    deviation = instance_stats(window).std.double().numpy()
    return choose_quantiles(network.decoder, window.numpy(), deviation, residuals[usable].numpy())
