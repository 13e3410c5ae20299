"""Predictors: from the student's latents to the teacher's latents at hidden tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from tjepa_estimators.data.tracing import may_hold
from tjepa_estimators.nn.pooling import masked_mean
from tjepa_estimators.nn.positions import sinusoidal_positions
from tjepa_estimators.nn.transformer import Block, attention_mask

if TYPE_CHECKING:
    from jaxtyping import Bool, Float
    from torch import Tensor

    from tjepa_estimators.contracts import Tokens

__all__ = ["MLPPredictor", "PooledPredictor", "TokenPredictor"]


class TokenPredictor(nn.Module):
    """Predict each hidden token's latent from the visible ones, asked by position.

    Queries are one learned vector plus the position of the token to predict; they attend to the visible
    latents and to each other in a narrow transformer.

    Source: I-JEPA (arXiv 2301.08243), section 3.
    """

    def __init__(self, dim: int, width: int, depth: int, heads: int) -> None:
        super().__init__()
        self.width = width
        self.project_in = nn.Linear(dim, width)
        self.query = nn.Parameter(torch.zeros(width))
        self.blocks = nn.ModuleList(Block(width, heads, expansion=2) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.project_out = nn.Linear(width, dim)

    def forward(
        self, context: Tokens, positions: Float[Tensor, "batch queries axes"]
    ) -> Float[Tensor, "batch queries dim"]:
        """Predict the latents at ``positions``."""
        return self.read(self.answer(context, positions))

    def read(self, answers: Float[Tensor, "batch queries width"]) -> Float[Tensor, "batch queries dim"]:
        """The latents in answers."""
        return self.project_out(answers)

    def answer(
        self,
        context: Tokens,
        positions: Float[Tensor, "batch queries axes"],
        hints: Float[Tensor, "batch queries width"] | float = 0.0,
    ) -> Float[Tensor, "batch queries width"]:
        """What the predictor makes of each query, before its latent is read from it; ``hints`` are added to queries."""
        known = self.project_in(context.values) + sinusoidal_positions(context.positions, self.width)
        queries = self.query + sinusoidal_positions(positions, self.width) + hints
        visible = None
        if may_hold(context.padding):
            asked = torch.zeros(queries.shape[:2], dtype=torch.bool, device=queries.device)
            visible = attention_mask(torch.cat([context.padding, asked], dim=1))
        hidden = torch.cat([known, queries], dim=1)
        for block in self.blocks:
            hidden = block(hidden, visible)
        return self.norm(hidden[:, known.shape[1] :])

    @staticmethod
    def select(
        latents: Float[Tensor, "batch queries dim"], observed: Bool[Tensor, "batch queries"]
    ) -> tuple[Float[Tensor, "batch queries dim"], Bool[Tensor, "batch queries"]]:
        """What is compared with the prediction: each token's latent."""
        return latents, observed


class PooledPredictor(nn.Module):
    """Predict the mean latent of the hidden tokens from the mean latent of the visible ones.

    A bottleneck MLP between two pooled vectors, as in the TemporalJEPA of the Edifice library.
    """

    def __init__(self, dim: int, width: int, depth: int) -> None:
        super().__init__()
        hidden = [layer for _ in range(depth - 1) for layer in (nn.Linear(width, width), nn.GELU())]
        self.layers = nn.Sequential(nn.Linear(dim, width), nn.GELU(), *hidden, nn.Linear(width, dim))

    def forward(self, context: Tokens, positions: Float[Tensor, "batch queries axes"]) -> Float[Tensor, "batch 1 dim"]:
        """Predict one pooled latent, whatever was asked."""
        return self.read(self.answer(context, positions))

    @staticmethod
    def read(answers: Float[Tensor, "batch 1 dim"]) -> Float[Tensor, "batch 1 dim"]:
        """The answer is the latent."""
        return answers

    def answer(
        self,
        context: Tokens,
        positions: Float[Tensor, "batch queries axes"],  # noqa: ARG002 - one signature for all predictors
        hints: float = 0.0,  # noqa: ARG002 - the same
    ) -> Float[Tensor, "batch 1 dim"]:
        """One answer, whatever was asked."""
        return self.layers(masked_mean(context.values, ~context.padding)).unsqueeze(1)

    @staticmethod
    def select(
        latents: Float[Tensor, "batch queries dim"], observed: Bool[Tensor, "batch queries"]
    ) -> tuple[Float[Tensor, "batch 1 dim"], Bool[Tensor, "batch 1"]]:
        """What is compared with the prediction: the mean over the observed hidden tokens."""
        return masked_mean(latents, observed).unsqueeze(1), observed.any(dim=1, keepdim=True)


class MLPPredictor(nn.Module):
    """Predict each hidden token's latent from the mean latent of the visible ones and the position that is asked.

    A bottleneck MLP, the form with a query of a :class:`PooledPredictor`. All that it knows of the sample must pass
    through the pooled latent, so that one is made to hold it.
    """

    def __init__(self, dim: int, width: int, depth: int) -> None:
        super().__init__()
        self.width = width
        self.project_in = nn.Linear(dim, width)
        hidden = [layer for _ in range(depth - 1) for layer in (nn.Linear(width, width), nn.GELU())]
        self.layers = nn.Sequential(nn.GELU(), *hidden)
        self.project_out = nn.Linear(width, dim)

    def forward(
        self, context: Tokens, positions: Float[Tensor, "batch queries axes"]
    ) -> Float[Tensor, "batch queries dim"]:
        """Predict the latents at ``positions``."""
        return self.read(self.answer(context, positions))

    def read(self, answers: Float[Tensor, "batch queries width"]) -> Float[Tensor, "batch queries dim"]:
        """The latents in answers."""
        return self.project_out(answers)

    def answer(
        self,
        context: Tokens,
        positions: Float[Tensor, "batch queries axes"],
        hints: Float[Tensor, "batch queries width"] | float = 0.0,
    ) -> Float[Tensor, "batch queries width"]:
        """What the layers make of each query; ``hints`` are added to queries."""
        known = self.project_in(masked_mean(context.values, ~context.padding)).unsqueeze(1)
        return self.layers(known + sinusoidal_positions(positions, self.width) + hints)

    select = staticmethod(TokenPredictor.select)
