"""The built-in encoder: a bidirectional pre-norm transformer on scaled dot-product attention."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from einops import rearrange
from torch import nn

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.nn.stack import run_blocks

if TYPE_CHECKING:
    from jaxtyping import Bool, Float
    from torch import Tensor

__all__ = ["Block", "TransformerConfig", "TransformerEncoder"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformerConfig:
    """Size of a :class:`TransformerEncoder`."""

    depth: int = 2
    """Number of blocks."""
    heads: int = 4
    """Attention heads; must divide the token width."""
    expansion: int = 2
    """Width of the feed-forward layer, in token widths."""
    dropout: float = 0.0
    """Dropout on the output of each residual branch."""
    gradient_checkpointing: bool = False
    """Recompute each block in the backward pass instead of keeping its activations."""

    def __post_init__(self) -> None:
        if min(self.depth, self.heads, self.expansion) < 1 or not 0.0 <= self.dropout < 1.0:
            msg = f"depth, heads and expansion must be at least 1 and dropout in [0, 1); got {self}."
            raise ConfigError(msg)


class Attention(nn.Module):
    """Multi-head self-attention; padded tokens are never attended to."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        if dim % heads:
            msg = f"heads={heads} does not divide dim={dim}; choose a number of heads that does."
            raise ConfigError(msg)
        self.heads = heads
        self.project_in = nn.Linear(dim, 3 * dim)
        self.project_out = nn.Linear(dim, dim)

    def forward(
        self, x: Float[Tensor, "batch tokens dim"], visible: Bool[Tensor, "batch 1 1 tokens"] | None
    ) -> Float[Tensor, "batch tokens dim"]:
        """Mix the tokens; ``visible`` says which may be attended to."""
        together = 1 if visible is not None else _joined(x)
        query, key, value = rearrange(
            self.project_in(x), "(batch joined) tokens (three heads width) -> three batch heads (joined tokens) width",
            joined=together, three=3, heads=self.heads,
        )  # fmt: skip
        if together > 1:
            own = torch.arange(together).repeat_interleave(x.shape[1])
            visible = (own[:, None] == own)[None, None]
        mixed = nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=visible)
        joined = "batch heads (joined tokens) width -> (batch joined) tokens (heads width)"
        return self.project_out(rearrange(mixed, joined, joined=together))


_FAST = 16
"""On a CPU, torch's attention is fast where the number of tokens is a multiple of this."""
_MOST_JOINED, _MOST_TOKENS = 8, 64


def _joined(x: Float[Tensor, "batch tokens dim"]) -> int:
    """Sequences that are attended to as one, blind to each other: two of 8 tokens take less time than one.

    Only where nothing is learned, so that training stays what it is.
    """
    batch, tokens, _ = x.shape
    joined = _FAST // math.gcd(tokens, _FAST)
    fits = joined <= _MOST_JOINED and joined * tokens <= _MOST_TOKENS and batch % joined == 0
    return joined if fits and x.device.type == "cpu" and torch.is_inference_mode_enabled() else 1


class Block(nn.Module):
    """Attention, then feed-forward, each on a normalised residual branch."""

    def __init__(self, dim: int, heads: int, expansion: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(dim)
        self.attention = Attention(dim, heads)
        self.feed_norm = nn.LayerNorm(dim)
        self.feed = nn.Sequential(nn.Linear(dim, expansion * dim), nn.GELU(), nn.Linear(expansion * dim, dim))
        self.drop = nn.Dropout(dropout)

    def forward(
        self, x: Float[Tensor, "batch tokens dim"], visible: Bool[Tensor, "batch 1 1 tokens"] | None = None
    ) -> Float[Tensor, "batch tokens dim"]:
        """Add the branches; ``visible`` says which tokens may be attended to."""
        x = x + self.drop(self.attention(self.attention_norm(x), visible))
        return x + self.drop(self.feed(self.feed_norm(x)))


def attention_mask(padding: Bool[Tensor, "batch tokens"] | None) -> Bool[Tensor, "batch 1 1 tokens"] | None:
    """Which tokens may be attended to; a row of nothing but padding attends to itself, or it would give NaN."""
    if padding is None:
        return None
    return rearrange(~padding | padding.all(dim=1, keepdim=True), "batch tokens -> batch 1 1 tokens")


class TransformerEncoder(nn.Module):
    """Bidirectional transformer: each token sees every other one.

    Source: pre-norm blocks (arXiv 2002.04745) on ``torch.nn.functional.scaled_dot_product_attention``.

    Examples
    --------
    >>> import torch
    >>> TransformerEncoder(dim=8, config=TransformerConfig())(torch.randn(2, 5, 8)).shape
    torch.Size([2, 5, 8])
    """

    def __init__(self, dim: int, config: TransformerConfig) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            Block(dim, config.heads, config.expansion, config.dropout) for _ in range(config.depth)
        )
        self.norm = nn.LayerNorm(dim)
        self.gradient_checkpointing = config.gradient_checkpointing

    def forward(
        self, x: Float[Tensor, "batch tokens dim"], padding: Bool[Tensor, "batch tokens"] | None = None
    ) -> Float[Tensor, "batch tokens dim"]:
        """Mix the tokens; padded ones do not influence the others."""
        if padding is not None:
            x = x.masked_fill(padding.unsqueeze(-1), 0.0)  # a weight of zero does not silence NaN
        visible = attention_mask(padding)
        return self.norm(run_blocks(self.blocks, x, visible, checkpoint=self.gradient_checkpointing))
