"""Forecast with what a JEPA decodes: its student, predictor and quantile decoder, with no head to fit."""

from __future__ import annotations

import math
from bisect import bisect_left
from statistics import NormalDist
from typing import TYPE_CHECKING, cast

import torch
from einops import rearrange
from torch import nn

from tjepa_estimators.data.scaling import instance_stats
from tjepa_estimators.jepa.seasonal import guess_next

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jaxtyping import Float
    from torch import Tensor

    from tjepa_estimators.jepa.predictor import TokenPredictor
    from tjepa_estimators.jepa.quantiles import QuantileDecoder
    from tjepa_estimators.nn.backbone import Backbone
    from tjepa_estimators.nn.tokens import PatchTokenizer

__all__ = ["PatchForecaster", "at_levels"]

_FASTEST = 0.5
"""Power of the lead time that the spread grows with, at most: that of a random walk."""


class PatchForecaster(nn.Module):
    """Quantiles of what comes after windows.

    As many steps as the training hid are decoded at once, so that a longer forecast begins with the shorter one.
    Further ones are rolled out on the medians; their spread goes
    on growing by the power of the lead time that it shows within the first block: not at all for a stationary series,
    with the square root for a random walk.

    Parameters
    ----------
    student, predictor, quantiles
        Parts of a JEPA, shared with it.
    context_length
        Steps of the window that the predictor knows; shorter ones are padded with NaN on the left, of longer ones the
        latest steps are read.
    block
        Steps that are decoded at once: whole patches.
    """

    def __init__(
        self,
        student: Backbone,
        predictor: TokenPredictor,
        quantiles: QuantileDecoder,
        context_length: int,
        block: int,
    ) -> None:
        super().__init__()
        self.student = student
        self.predictor = predictor
        self.quantiles = quantiles
        self.context_length = context_length
        self.block = block

    @property
    def levels(self) -> tuple[float, ...]:
        """Levels of the quantiles, increasing."""
        return self.quantiles.levels

    def forward(self, raw: Float[Tensor, "batch time"], steps: int) -> Float[Tensor, "batch steps levels"]:
        """The quantiles of the next ``steps`` steps, in the units of ``raw`` and increasing along the levels."""
        window, blocks, growth = self._fitted(raw), [], raw.new_zeros(raw.shape[0], 1)
        for done in range(0, steps, self.block):
            values = self._decode(window)
            middle = values[..., len(self.levels) // 2]
            if done == 0:
                growth = _growth(values)
            else:
                values = _widened(values, middle, done, growth)
            blocks.append(values)
            window = torch.cat([window, middle.to(window)], dim=1)[:, -self.context_length :]
        return torch.cat(blocks, dim=1)[:, :steps]

    def spread(
        self, raw: Float[Tensor, "batch time"], steps: int, levels: Sequence[float]
    ) -> Float[Tensor, "batch steps wanted"]:
        """Quantiles at any levels, less the mean of those that are decoded."""
        values = self(raw, steps)
        return at_levels(values, self.levels, levels) - values.mean(dim=-1, keepdim=True)

    def _fitted(self, raw: Float[Tensor, "batch time"]) -> Float[Tensor, "batch context"]:
        recent = raw[:, -self.context_length :]
        return nn.functional.pad(recent, (self.context_length - recent.shape[1], 0), value=float("nan"))

    def _decode(self, window: Float[Tensor, "batch context"]) -> Float[Tensor, "batch block levels"]:
        """The next block, always whole: queries see each other, so fewer of them would get other answers."""
        context = self.student(window)
        tokens = self.block // self.quantiles.patch_length
        later = torch.arange(1, tokens + 1, device=window.device, dtype=context.positions.dtype)
        guess = guess_next(cast("PatchTokenizer", self.student.tokenizer).scaled(window), tokens)
        asked = context.positions[:, -1:] + later[None, :, None]
        answers = self.predictor.answer(context, asked, self.quantiles.embed(guess))
        scaled = self.quantiles(answers, guess).sort(dim=-1).values
        stats = instance_stats(window)
        flat = rearrange(scaled, "batch tokens patch levels -> batch (tokens patch) levels")
        return flat * stats.std.unsqueeze(-1) + stats.mean.unsqueeze(-1)


def _growth(values: Float[Tensor, "batch steps levels"]) -> Float[Tensor, "batch 1"]:
    """The power of the lead time that the width between the outermost quantiles grows with, from 0 to a half."""
    width, steps = values[..., -1] - values[..., 0], values.shape[1]
    quarter = max(1, steps // 4)
    early, late = width[:, quarter : 2 * quarter].mean(dim=1), width[:, -quarter:].mean(dim=1)
    ratio = (late / early.clamp(min=torch.finfo(width.dtype).tiny)).clamp(min=1.0)
    leads = (2 * steps - quarter + 1) / (3 * quarter + 1)  # of the last quarter, by that of the second one
    return (ratio.log() / math.log(leads)).clamp(max=_FASTEST).nan_to_num(nan=0.0).unsqueeze(1)


def _widened(
    values: Float[Tensor, "batch steps levels"],
    middle: Float[Tensor, "batch steps"],
    done: int,
    growth: Float[Tensor, "batch 1"],
) -> Float[Tensor, "batch steps levels"]:
    """Quantiles of a later block, which were decoded as if the blocks before it had been observed."""
    lead = torch.arange(1, values.shape[1] + 1, device=values.device, dtype=values.dtype)
    factor = ((done + lead) / lead) ** growth
    return middle.unsqueeze(-1) + (values - middle.unsqueeze(-1)) * factor.unsqueeze(-1)


def at_levels(
    values: Float[Tensor, "*steps known"], known: Sequence[float], wanted: Sequence[float]
) -> Float[Tensor, "*steps wanted"]:
    """Quantiles at other levels: on a line in the scale of normal quantiles, on which tails go on beyond the outermost.

    So a normal distribution is kept exactly.

    Examples
    --------
    >>> at_levels(torch.tensor([-1.0, 0.0, 1.0]), [0.1, 0.5, 0.9], [0.5, 0.9]).tolist()
    [0.0, 1.0]
    """
    weights = torch.tensor([_weights_at(level, known) for level in wanted], dtype=values.dtype, device=values.device)
    return values @ weights.reshape(len(wanted), len(known)).T  # no level at all must keep its shape too


def _weights_at(level: float, known: Sequence[float]) -> list[float]:
    """How much each known quantile has in that at ``level``; plain numbers, which any graph can hold."""
    weights = [0.0] * len(known)
    if len(known) == 1:
        return [1.0]
    right = min(max(bisect_left(known, level), 1), len(known) - 1)
    low, high, at = (NormalDist().inv_cdf(one) for one in (known[right - 1], known[right], level))
    weights[right] = (at - low) / (high - low)
    weights[right - 1] = 1.0 - weights[right]
    return weights
