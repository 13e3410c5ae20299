"""Backbone: a tokenizer and an encoder, the part of a JEPA that is kept after pretraining."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from tjepa_estimators.contracts import Tokens
from tjepa_estimators.data.tracing import may_hold
from tjepa_estimators.nn.pooling import POOLS, masked_mean
from tjepa_estimators.nn.tokens import take_tokens

if TYPE_CHECKING:
    from jaxtyping import Float, Int
    from torch import Tensor

    from tjepa_estimators.contracts import Encoder, Tokenizer

__all__ = ["Backbone"]


class Backbone(nn.Module):
    """Tokenize, drop the hidden tokens, encode the rest."""

    tokenizer: Tokenizer
    encoder: Encoder

    def __init__(self, tokenizer: Tokenizer, encoder: Encoder) -> None:
        super().__init__()
        self.tokenizer = tokenizer
        self.encoder = encoder

    @property
    def dim(self) -> int:
        """Width of a latent."""
        return self.tokenizer.dim

    def pooled(self, raw: Tensor) -> Float[Tensor, "batch dim"]:
        """The mean latent of each sample, over tokens that are no padding."""
        tokens = self(raw)
        return masked_mean(tokens.values, ~tokens.padding)

    def embed(self, raw: Tensor, pool: str | None = "mean") -> Float[Tensor, "batch features"]:
        """The latents of each sample, pooled in one of the ways of ``POOLS``, or side by side."""
        if pool is None:
            return self.flat(raw)
        tokens = self(raw)
        return POOLS[pool](tokens.values, ~tokens.padding)

    def flat(self, raw: Tensor) -> Float[Tensor, "batch features"]:
        """All latents of each sample side by side; zeros where a token is padding."""
        tokens = self(raw)
        return tokens.values.masked_fill(tokens.padding.unsqueeze(-1), 0.0).flatten(1)

    def forward(
        self,
        raw: Tensor,
        keep: Int[Tensor, "batch visible"] | None = None,
        context: Int[Tensor, "batch visible"] | None = None,
    ) -> Tokens:
        """Encode raw samples into latents, one for each kept token.

        Parameters
        ----------
        raw
            What the tokenizer reads; windows ``[batch time]`` for series.
        keep
            Tokens that reach the encoder; all of them if None.
        context
            Tokens whose values may inform normalisation; those of ``keep`` if None.
        """
        tokens = self.tokenizer(raw, context=keep if context is None else context)
        if keep is not None:
            tokens = Tokens(*(take_tokens(part, keep) for part in (tokens.values, tokens.positions, tokens.padding)))
        padding = tokens.padding if may_hold(tokens.padding) else None  # attention without a mask is faster
        return Tokens(self.encoder(tokens.values, padding), tokens.positions, tokens.padding)
