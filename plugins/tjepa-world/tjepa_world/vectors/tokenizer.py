"""Vectors to tokens: one for each feature, each step, or each number."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import nn

from tjepa_estimators.contracts import Tokens
from tjepa_estimators.errors import ConfigError
from tjepa_estimators.nn.positions import sinusoidal_positions

if TYPE_CHECKING:
    from jaxtyping import Float, Int
    from torch import Tensor

    from tjepa_world.vectors.config import VectorsConfig

__all__ = ["VectorTokenizer"]


_GAIN = 0.3
"""Size of a standardised value's part in its token at the start, beside a part of size 1 that says what it is."""


class VectorTokenizer(nn.Module):
    """Standardise by the training data, then embed each feature, step or number linearly.

    Features differ in meaning, so each has an embedding of its own; steps share one. A missing value counts as the
    mean, a token without any value is padding.

    Examples
    --------
    >>> from tjepa_world.vectors.config import VectorsConfig
    >>> config = VectorsConfig(steps=4, mean=(0.0, 0.0, 1.0), deviation=(1.0, 1.0, 2.0), tokens="cell")
    >>> VectorTokenizer(dim=8, config=config)(torch.randn(2, 4, 3)).values.shape
    torch.Size([2, 12, 8])
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, dim: int, config: VectorsConfig) -> None:
        super().__init__()
        if not config.features or config.steps is None:
            raise ConfigError("The vectors' settings are not complete; call fit_to(items) or give steps and mean.")
        self.dim, self.clip, self.tokens = dim, config.clip, config.tokens
        self.register_buffer("mean", torch.tensor(config.mean), persistent=False)  # the settings hold them
        self.register_buffer("deviation", torch.tensor(config.deviation), persistent=False)
        kinds, width = {
            "feature": (config.features, config.steps),
            "step": (1, config.features),
            "cell": (config.features, 1),
        }[config.tokens]
        # an encoder norms its tokens: where the part that a value moves is small beside the rest, latents are nearly
        # linear in it, and distances to a goal tell far from farther
        self.weight = nn.Parameter(_GAIN * torch.randn(kinds, width, dim) / math.sqrt(width))
        self.bias = nn.Parameter(torch.randn(kinds, dim))

    def grid(self, raw: Float[Tensor, "batch steps features"]) -> tuple[int, ...]:
        """Features, steps, or steps and features."""
        steps, features = raw.shape[1:]
        return {"feature": (features,), "step": (steps,), "cell": (steps, features)}[self.tokens]

    def forward(
        self,
        raw: Float[Tensor, "batch steps features"],
        context: Int[Tensor, "batch visible"] | None = None,  # noqa: ARG002 - no statistics are taken from a sample
    ) -> Tokens:
        """Tokenize."""
        scaled = ((raw - self.mean) / self.deviation).clamp(-self.clip, self.clip).to(self.weight.dtype)
        parts = self._cut(scaled)  # (batch, groups, kinds, width)
        missing = parts.isnan()
        embedded = torch.einsum("bgkw,kwd->bgkd", parts.masked_fill(missing, 0.0), self.weight) + self.bias
        positions = self._positions(raw)
        values = embedded.flatten(1, 2) + sinusoidal_positions(positions, self.dim)
        return Tokens(values, positions, missing.all(dim=-1).flatten(1))

    def _cut(self, scaled: Tensor) -> Float[Tensor, "batch groups kinds width"]:
        if self.tokens == "feature":
            return scaled.mT.unsqueeze(1)
        return scaled.unsqueeze(2) if self.tokens == "step" else scaled.unsqueeze(3)

    def _positions(self, raw: Tensor) -> Float[Tensor, "batch tokens axes"]:
        axes = torch.meshgrid(
            *(torch.arange(size, dtype=self.weight.dtype, device=raw.device) for size in self.grid(raw)), indexing="ij"
        )
        return torch.stack([axis.flatten() for axis in axes], dim=-1).expand(len(raw), -1, -1)
