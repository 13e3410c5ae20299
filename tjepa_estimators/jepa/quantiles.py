"""Quantiles of the hidden values, decoded from what the predictor answers: a forecast without a head to fit."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, cast

import torch
from einops import rearrange
from torch import nn

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.jepa.seasonal import REACHES, GuessEmbedding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jaxtyping import Float
    from torch import Tensor

    from tjepa_estimators.contracts import Decoded, JEPAOutput
    from tjepa_estimators.jepa.seasonal import Guess

__all__ = ["QuantileConfig", "QuantileDecoder", "QuantileTerm", "pinball_loss"]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantileConfig:
    """Which quantiles are decoded, and how much their error counts beside that of the latents."""

    levels: tuple[float, ...] = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
    """Increasing, between 0 and 1, symmetric about the median, which is one of them."""
    weight: float = 1.0
    """Weight of the pinball loss."""

    def __post_init__(self) -> None:
        inside = all(0.0 < level < 1.0 for level in self.levels)
        symmetric = all(abs(low + high - 1.0) < 1e-6 for low, high in zip(self.levels, self.levels[::-1], strict=True))
        increasing = all(low < high for low, high in pairwise(self.levels))
        has_median = len(self.levels) % 2 == 1  # the middle one is what is rolled out on
        if not (has_median and inside and symmetric and increasing):
            msg = (
                f"levels={self.levels} must increase between 0 and 1, be symmetric about 0.5 and hold it, "
                "as in (.1, .5, .9)."
            )
            raise ConfigError(msg)
        if not 0.0 < self.weight < float("inf"):
            msg = f"weight={self.weight} must be positive and finite; leave the quantiles out for none."
            raise ConfigError(msg)


class QuantileDecoder(nn.Module):
    """From an answer of the predictor to the quantiles of each normalised value of its patch.

    It says how they differ from the guess that the query was told, and how far to trust that.
    """

    def __init__(self, width: int, patch_length: int, levels: tuple[float, ...]) -> None:
        super().__init__()
        self.patch_length = patch_length
        self.levels = levels
        self.embed = GuessEmbedding(patch_length, width)
        self.trust = nn.Linear(width, len(REACHES) + 1)
        nn.init.zeros_(self.trust.weight)
        nn.init.zeros_(self.trust.bias)
        self.layers = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, patch_length * len(levels))
        )

    def forward(
        self, answers: Float[Tensor, "batch queries width"], guess: Guess
    ) -> Float[Tensor, "batch queries patch levels"]:
        """Decode each answer alone."""
        trust = self.trust(answers).unsqueeze(-1)
        seasonal = ((1.0 / len(REACHES) + trust[:, :, 1:]) * guess.means.to(answers)).sum(dim=2)
        known = seasonal + trust[:, :, 0] * guess.latest[:, None, None].to(answers)
        rest = rearrange(
            self.layers(answers), "batch queries (patch levels) -> batch queries patch levels", levels=len(self.levels)
        )
        return known.unsqueeze(-1) + rest


def pinball_loss(
    quantiles: Float[Tensor, "*values levels"], truth: Float[Tensor, "*values"], levels: Sequence[float]
) -> Float[Tensor, ""]:
    """Twice the quantile loss, averaged over levels and observed values; NaN in ``truth`` is missing, zero if all are.

    Twice, so that the median's share is the absolute error and the average over many levels the CRPS.

    Source: Koenker & Bassett, "Regression quantiles", Econometrica 46 (1978).

    Examples
    --------
    >>> pinball_loss(torch.zeros(2, 1), torch.tensor([3.0, torch.nan]), [0.5])
    tensor(3.)
    """
    known = ~truth.isnan()
    excess = (truth.where(known, 0.0).unsqueeze(-1) - quantiles) * known.unsqueeze(-1)
    level = torch.tensor(levels, dtype=excess.dtype, device=excess.device)
    loss = torch.maximum(level * excess, (level - 1.0) * excess)
    return 2.0 * loss.sum() / (known.sum() * len(level)).clamp(min=1)


@dataclass(frozen=True, slots=True)
class QuantileTerm:
    """Pinball loss of the decoded quantiles of the hidden values."""

    def __call__(self, output: JEPAOutput) -> Float[Tensor, ""]:
        """Average over levels and observed values."""
        decoded = cast("Decoded", output.decoded)  # build_objective asks for the term with a decoder only
        return pinball_loss(decoded.quantiles, decoded.truth, decoded.levels)
