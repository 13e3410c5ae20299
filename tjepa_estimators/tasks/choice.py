"""What a forecasting head uses, chosen on held-out rows: what to shrink towards, blocks, strengths.

Why each choice needs a clear gain stands in ``docs/decisions/0002-choices-on-the-held-out-tail.md``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import torch

from tjepa_estimators.tasks.ridge import STRENGTHS, Choice, Moments, choose, solve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jaxtyping import Float
    from torch import Tensor

    from tjepa_estimators.tasks.network import ForecastNetwork

__all__ = ["HeadChoice", "HeldRows", "choose_head", "gains_clearly"]

HeldRows: TypeAlias = "tuple[Float[Tensor, 'rows p'], Float[Tensor, 'rows h'], Float[Tensor, 'rows 1']]"
"""Features, targets and weights of held-out rows."""

_RUNS = 10
"""Runs of neighbouring held-out rows that the standard error of a gain is estimated from."""
_FEW_ROWS = 8
"""Held-out or training rows below which strengths cannot be chosen; the strongest is taken then: a map of a few
rows that is fed its own forecasts can grow without bounds."""
_CENTRE_GAIN = 0.02
"""Share by which shrinking to the last value must lower the held-out error; less is a passing trend."""


@dataclass(frozen=True, slots=True)
class HeadChoice:
    """What was chosen."""

    centre: str
    """What the ridge shrinks towards: ``"mean"``, ``"last"`` or ``"decoded"``."""
    blocks: Choice

    def solve(self, network: ForecastNetwork, moments: Moments) -> Float[Tensor, "p h"]:
        """The coefficients of the whole head on the rows summed in ``moments``."""
        start = _starts(network)[self.centre]
        return start + solve(moments.around(start), network.blocks, self.blocks.strengths)


def choose_head(
    network: ForecastNetwork, train: Moments, held_out: Moments, held: list[HeldRows], required: Sequence[str]
) -> HeadChoice:
    """Choose what to shrink towards by the lookback alone, then blocks and strengths."""
    starts = _starts(network)
    blocks = {name: columns for name, columns in network.blocks.items() if name != "decoded"}  # is no block to weigh
    if min(train.rows, held_out.rows) < _FEW_ROWS:
        centre = "decoded" if "decoded" in starts else "mean"
        return HeadChoice(centre, Choice({n: STRENGTHS[-1] for n in blocks if n == "lookback" or n in required}))
    judged = {centre: (train.around(start), held_out.around(start)) for centre, start in starts.items()}
    lookback = {"lookback": blocks["lookback"]}
    alone = {centre: choose(*sums, lookback) for centre, sums in judged.items()}
    maps = {centre: HeadChoice(centre, choice).solve(network, train) for centre, choice in alone.items()}
    centre, linear = "mean", "mean"
    for other in list(starts)[1:]:
        now, then = (alone[name].errors["lookback"] for name in (centre, other))
        if then < now * (1.0 - _CENTRE_GAIN) and gains_clearly(held, maps[centre], maps[other]):
            centre = other
        linear = centre if other == "last" else linear

    def is_clear(without: Tensor, with_block: Tensor) -> bool:
        return gains_clearly(held, starts[centre] + without, starts[centre] + with_block)

    blocks_choice = choose(*judged[centre], blocks, required=required, is_clear=is_clear)
    if "decoded" not in starts:
        return HeadChoice(centre, blocks_choice)
    # the linear baseline stands beside, whatever the head starts from
    known = {"lookback": alone[linear].errors["lookback"], "decoded": judged["decoded"][1].yy}
    prefix = "decoded+" if centre == "decoded" else ""
    errors = known | {prefix + name: error for name, error in blocks_choice.errors.items()}
    return HeadChoice(centre, replace(blocks_choice, errors=errors))


def gains_clearly(held: list[HeldRows], before: Float[Tensor, "p h"], after: Float[Tensor, "p h"]) -> bool:
    """Whether the mean gain over the held-out rows exceeds its standard error.

    Windows that overlap err alike, so the error is estimated from runs of neighbouring rows, not from rows.
    Source: the one-standard-error rule of Breiman et al., "Classification and Regression Trees" (1984).
    """
    gains = torch.cat([_errors(x, y, before) - _errors(x, y, after) for x, y, _ in held])
    runs = torch.stack([run.mean() for run in gains.tensor_split(min(_RUNS, len(gains)))])
    return bool(runs.mean() > runs.std() / len(runs) ** 0.5)


def _errors(
    x: Float[Tensor, "rows p"], y: Float[Tensor, "rows h"], coefficients: Float[Tensor, "p h"]
) -> Float[Tensor, "rows"]:
    return (y - x @ coefficients.to(x.dtype)).square().sum(dim=1)


def _starts(network: ForecastNetwork) -> dict[str, Float[Tensor, "p h"]]:
    """Coefficients that the ridge may shrink towards: those of the window's mean, its last value, what is decoded.

    A random walk is forecast by its last value, a stationary series by its mean.
    """
    mean = torch.zeros(network.head.in_features, network.horizon, dtype=torch.float64)
    last = mean.clone()
    last[network.blocks["lookback"].stop - 1] = 1.0
    starts = {"mean": mean, "last": last}
    if (columns := network.blocks.get("decoded")) is not None:
        starts["decoded"] = mean.clone()
        starts["decoded"][columns] = torch.eye(network.horizon, dtype=torch.float64)
    return starts
