"""A first guess of hidden values: what was seen one period before, and on average over more and more periods.

Attention over patches learns to copy a period of any length only slowly; finding the period and shifting by it is a
few lines of arithmetic. So a predictor that is to decode values is told this guess with each query.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from einops import rearrange
from torch import nn

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int
    from torch import Tensor

__all__ = ["REACHES", "Guess", "GuessEmbedding", "Period", "find_period", "guess_next", "guess_values"]

_LONGEST = 0.75
"""Longest period, as a share of the window."""
REACHES = (1, 4, 16)
"""Periods that are averaged: the latest one follows every change, many have little noise."""
_SLACK = 1 / 24
"""By how much of a period a multiple of it may be off."""
_SHORTEST = 4
"""Steps that a window must have to be looked for a period in."""


@dataclass(frozen=True, slots=True)
class Period:
    """The strongest period of each window."""

    lag: Int[Tensor, "batch"]
    """Its steps; 1 where there is none, so that going back by it repeats the last value."""
    strength: Float[Tensor, "batch"]
    """Autocorrelation at the lag, less twice what chance gives, between 0 and 1."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A guess of each value of each patch."""

    means: Float[Tensor, "batch tokens reaches patch"]
    """Means over the latest one, four and sixteen periods before, or as many as were seen, each shrunk towards 0, the
    mean of the window, by what the period leaves unexplained."""
    strength: Float[Tensor, "batch"]
    """How much the period explains, between 0 and 1."""
    latest: Float[Tensor, "batch"]
    """The latest value that was seen; 0 if none was."""


def find_period(seen: Float[Tensor, "batch time"]) -> Period:
    """Find the highest peak of the autocorrelation beyond its first dip, up to three quarters of the window.

    A linear trend is taken off before, and peaks at long lags, of which few pairs tell, must be higher by what chance
    gives. A period's multiples explain a window as well as it does, and one of them is the highest by chance: so the
    shortest divisor of the highest lag is taken that is as high to within chance. A window without any peak has period
    1 and strength 0.

    Parameters
    ----------
    seen
        Normalised windows; 0 where nothing was observed.

    Examples
    --------
    >>> find_period(torch.sin(torch.arange(240.0) * 2 * torch.pi / 24)[None]).lag.tolist()
    [24]
    """
    if seen.shape[1] < _SHORTEST:
        return Period(torch.ones_like(seen[:, 0], dtype=torch.long), torch.zeros_like(seen[:, 0]))
    correlation, pairs = _autocorrelation(seen)
    inside = correlation[:, 1:-1]
    is_peak = (inside > correlation[:, :-2]) & (inside >= correlation[:, 2:])
    chance = 2.0 / pairs[:, 1:-1].sqrt()  # few pairs make the correlation at a long lag uncertain
    # noise makes small peaks on the slope down from lag 0; one that tells of a period comes after a dip
    has_dipped = inside - _running_minimum(correlation)[:, :-2] > chance
    lags = torch.arange(1, correlation.shape[1] - 1, device=seen.device)
    score = (inside - chance).where(is_peak & has_dipped & (lags > 1), -1.0)
    best = score.argmax(dim=1, keepdim=True)
    highest, doubt = inside.gather(1, best), chance.gather(1, best)
    slack = (lags * _SLACK).long()
    divides = (best + 1 + slack) % lags <= 2 * slack
    is_as_good = (score > 0.0) & (inside >= highest - doubt) & divides
    shortest = is_as_good.to(lags.dtype).argmax(dim=1, keepdim=True)
    found = is_as_good.any(dim=1)
    strength = score.gather(1, shortest).squeeze(1).clamp(0.0, 1.0)
    return Period(torch.where(found, shortest.squeeze(1) + 1, 1), strength.where(found, 0.0))


def _running_minimum(values: Float[Tensor, "batch lags"]) -> Float[Tensor, "batch lags"]:
    """The lowest value up to each lag, by doubling the reach; ONNX has no ``cummin``."""
    reach = 1
    while reach < values.shape[1]:
        earlier = nn.functional.pad(values[:, :-reach], (reach, 0), value=float("inf"))
        values, reach = torch.minimum(values, earlier), 2 * reach
    return values


def _autocorrelation(
    seen: Float[Tensor, "batch time"],
) -> tuple[Float[Tensor, "batch lags"], Float[Tensor, "batch lags"]]:
    """Autocorrelation at each lag, unbiased, of what is left without a linear trend; and the pairs it was taken of."""
    steps = seen.shape[1]
    observed = seen != 0.0
    time = torch.linspace(-1.0, 1.0, steps, device=seen.device, dtype=seen.dtype) * observed
    slope = (seen * time).sum(dim=1, keepdim=True) / time.square().sum(dim=1, keepdim=True).clamp(min=1e-6)
    level = seen - slope * time
    lags = int(_LONGEST * steps) + 1
    sums, pairs = _products(level, lags), _products(observed.to(seen.dtype), lags).clamp(min=1.0)
    scaled = sums / pairs
    return scaled / scaled[:, :1].clamp(min=1e-6), pairs


def _products(values: Float[Tensor, "batch time"], lags: int) -> Float[Tensor, "batch lags"]:
    """Sums of the products of values so many steps apart."""
    size = 2 * values.shape[1]  # with as many zeros behind them, the end does not meet the beginning
    if torch.compiler.is_compiling() or not len(values):
        return _products_by_matrices(values, lags)  # ONNX has no Fourier transform, and MKL none of an empty batch
    return torch.fft.irfft(torch.fft.rfft(values, n=size).abs().square(), n=size)[:, :lags]


def _products_by_matrices(values: Float[Tensor, "batch time"], lags: int) -> Float[Tensor, "batch lags"]:
    """The same with the Fourier transform written out as products with matrices."""
    steps = values.shape[1]
    time = torch.arange(steps, device=values.device)
    frequency = torch.arange(steps + 1, device=values.device)

    def angles(at: Int[Tensor, "n"]) -> Float[Tensor, "n frequencies"]:
        whole = at.unsqueeze(1) * frequency % (2 * steps)  # else large angles would be rounded
        return whole.to(values.dtype) * (torch.pi / steps)

    inside = (frequency > 0) & (frequency < steps)
    weight = (1.0 + inside.to(values.dtype)) / (2 * steps)  # a real signal has half of its spectrum twice
    power = (values @ angles(time).cos()).square() + (values @ angles(time).sin()).square()
    return (power * weight) @ angles(torch.arange(lags, device=values.device)).cos().T


def guess_values(
    scaled: Float[Tensor, "batch tokens patch"],
    is_seen: Bool[Tensor, "batch tokens"],
    asked: Int[Tensor, "batch queries"],
) -> Guess:
    """Guess the patches at ``asked`` from those that are seen.

    Parameters
    ----------
    scaled
        Normalised patches of windows, NaN where a value is missing; patches follow each other without overlap.
    is_seen
        Patches that may be used.
    asked
        Numbers of the patches to guess; they may lie beyond the last one of ``scaled``.
    """
    batch, tokens, patch = scaled.shape
    seen = scaled.where(is_seen.unsqueeze(-1), torch.nan)
    flat = seen.reshape(batch, tokens * patch)
    filled = flat.nan_to_num(nan=0.0)
    period = find_period(filled)
    now = (is_seen * torch.arange(1, tokens + 1, device=scaled.device)).amax(dim=1) * patch
    steps = (asked.unsqueeze(-1) * patch + torch.arange(patch, device=scaled.device)).flatten(1)
    lag = period.lag.unsqueeze(1)
    whole = ((steps - now.unsqueeze(1)).div(lag, rounding_mode="floor") + 1).clamp(min=1)
    # the same phase in the latest period, the one before it, and so on
    back = steps - whole * lag
    source = back.unsqueeze(1) - lag.unsqueeze(1) * torch.arange(REACHES[-1], device=scaled.device)[None, :, None]
    values = flat.gather(1, source.clamp(0, flat.shape[1] - 1).flatten(1)).reshape(source.shape)
    values = values.where(source >= 0, torch.nan)
    means = torch.stack([_shrunk_mean(values[:, :reach], period.strength) for reach in REACHES], dim=1)
    by_patch = rearrange(means, "batch reaches (tokens patch) -> batch tokens reaches patch", patch=patch)
    return Guess(by_patch, period.strength, _latest(flat))


def _shrunk_mean(
    values: Float[Tensor, "batch periods steps"], strength: Float[Tensor, "batch"]
) -> Float[Tensor, "batch steps"]:
    """The best linear forecast from values that correlate by ``strength`` with each other and with the next one."""
    known = ~values.isnan()
    count = known.sum(dim=1)
    strength = strength.unsqueeze(1)
    return strength * values.where(known, 0.0).sum(dim=1) / (1.0 + (count - 1) * strength).clamp(min=1.0)


def _latest(seen: Float[Tensor, "batch time"]) -> Float[Tensor, "batch"]:
    time = torch.arange(1, seen.shape[1] + 1, device=seen.device)
    at = (~seen.isnan() * time).argmax(dim=1, keepdim=True)
    return seen.gather(1, at).squeeze(1).nan_to_num(nan=0.0)


def guess_next(scaled: Float[Tensor, "batch tokens patch"], count: int) -> Guess:
    """Guess the ``count`` patches after windows, all of which are seen."""
    batch, tokens, _ = scaled.shape
    is_seen = torch.ones(batch, tokens, dtype=torch.bool, device=scaled.device)
    asked = torch.arange(tokens, tokens + count, device=scaled.device).expand(batch, -1)
    return guess_values(scaled, is_seen, asked)


class GuessEmbedding(nn.Module):
    """What a query is told of the guess."""

    def __init__(self, patch_length: int, width: int) -> None:
        super().__init__()
        told = len(REACHES) * patch_length + 2
        self.layers = nn.Sequential(nn.Linear(told, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, guess: Guess) -> Float[Tensor, "batch queries width"]:
        """Embed each patch alone."""
        whole = torch.stack([guess.strength, guess.latest], dim=1).unsqueeze(1)
        told = torch.cat([guess.means.flatten(2), whole.expand(-1, guess.means.shape[1], -1)], dim=-1)
        return self.layers(told.to(next(self.parameters()).dtype))
