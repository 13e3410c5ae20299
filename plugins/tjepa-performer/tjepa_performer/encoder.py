"""The Performer: a bidirectional pre-norm transformer on FAVOR+ attention."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from einops import rearrange
from torch import nn

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.nn.stack import run_blocks
from tjepa_performer.favor import default_features, draw_directions, favor_attention

if TYPE_CHECKING:
    from jaxtyping import Bool, Float
    from torch import Tensor

__all__ = ["PerformerConfig", "PerformerEncoder"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformerConfig:
    """Size of a :class:`PerformerEncoder`."""

    depth: int = 2
    """Number of blocks."""
    heads: int = 4
    """Attention heads; must divide the token width."""
    features: int | None = None
    """Random directions of each head; None takes ``width * log(width)`` of the head's width, at least the width."""
    expansion: int = 2
    """Width of the feed-forward layer, in token widths."""
    dropout: float = 0.0
    """Dropout on the output of each residual branch."""
    gradient_checkpointing: bool = False
    """Recompute each block in the backward pass instead of keeping its activations."""

    def __post_init__(self) -> None:
        if min(self.depth, self.heads, self.expansion) < 1 or not 0.0 <= self.dropout < 1.0:
            raise ConfigError(f"depth, heads and expansion must be at least 1 and dropout in [0, 1); got {self}.")
        if self.features is not None and self.features < 1:
            raise ConfigError(f"features={self.features} is no number of directions; give at least 1, or None.")


class Attention(nn.Module):
    """Multi-head FAVOR+ attention; the directions are a buffer, so weights that are loaded again act the same."""

    directions: Tensor

    def __init__(self, dim: int, heads: int, features: int | None) -> None:
        super().__init__()
        if dim % heads:
            raise ConfigError(f"heads={heads} does not divide dim={dim}; choose a number of heads that does.")
        self.heads = heads
        self.project_in = nn.Linear(dim, 3 * dim)
        self.project_out = nn.Linear(dim, dim)
        width = dim // heads
        drawn = [draw_directions(features or default_features(width), width) for _ in range(heads)]
        self.register_buffer("directions", torch.stack(drawn))

    def forward(
        self, x: Float[Tensor, "batch tokens dim"], visible: Bool[Tensor, "batch 1 1 tokens"] | None
    ) -> Float[Tensor, "batch tokens dim"]:
        """Mix the tokens; ``visible`` says which may be attended to."""
        query, key, value = rearrange(
            self.project_in(x), "batch tokens (three heads width) -> three batch heads tokens width",
            three=3, heads=self.heads,
        )  # fmt: skip
        mixed = favor_attention(query, key, value, self.directions, visible).to(query.dtype)
        return self.project_out(rearrange(mixed, "batch heads tokens width -> batch tokens (heads width)"))


class Block(nn.Module):
    """Attention, then feed-forward, each on a normalised residual branch."""

    def __init__(self, dim: int, config: PerformerConfig) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(dim)
        self.attention = Attention(dim, config.heads, config.features)
        self.feed_norm = nn.LayerNorm(dim)
        hidden = config.expansion * dim
        self.feed = nn.Sequential(nn.Linear(dim, hidden), nn.GELU(), nn.Linear(hidden, dim))
        self.drop = nn.Dropout(config.dropout)

    def forward(
        self, x: Float[Tensor, "batch tokens dim"], visible: Bool[Tensor, "batch 1 1 tokens"] | None
    ) -> Float[Tensor, "batch tokens dim"]:
        """Add the branches; ``visible`` says which tokens may be attended to."""
        x = x + self.drop(self.attention(self.attention_norm(x), visible))
        return x + self.drop(self.feed(self.feed_norm(x)))


class PerformerEncoder(nn.Module):
    """Transformer whose attention costs time and memory linear in the tokens.

    Source: FAVOR+ of Choromanski et al., "Rethinking attention with Performers" (arXiv 2009.14794), bidirectional,
    in the pre-norm blocks of the built-in transformer.

    Examples
    --------
    >>> import torch
    >>> PerformerEncoder(dim=8, config=PerformerConfig())(torch.randn(2, 5, 8)).shape
    torch.Size([2, 5, 8])
    """

    def __init__(self, dim: int, config: PerformerConfig) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Block(dim, config) for _ in range(config.depth))
        self.norm = nn.LayerNorm(dim)
        self.gradient_checkpointing = config.gradient_checkpointing

    def forward(
        self, x: Float[Tensor, "batch tokens dim"], padding: Bool[Tensor, "batch tokens"] | None = None
    ) -> Float[Tensor, "batch tokens dim"]:
        """Mix the tokens; padded ones do not influence the others."""
        visible = None
        if padding is not None:
            x = x.masked_fill(padding.unsqueeze(-1), 0.0)  # a NaN there would survive a weight of zero
            # a row of nothing but padding attends to itself: over no token at all, the softmax would be NaN
            visible = rearrange(~padding | padding.all(dim=1, keepdim=True), "batch tokens -> batch 1 1 tokens")
        return self.norm(run_blocks(self.blocks, x, visible, checkpoint=self.gradient_checkpointing))
