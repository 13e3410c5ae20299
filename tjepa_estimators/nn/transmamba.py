"""TransMamba: Mamba blocks and transformer blocks in one stack."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import TYPE_CHECKING

from torch import nn

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.nn.mamba import MambaBlock, MambaConfig
from tjepa_estimators.nn.stack import run_blocks
from tjepa_estimators.nn.transformer import Block, TransformerConfig, attention_mask

if TYPE_CHECKING:
    from jaxtyping import Bool, Float
    from torch import Tensor

__all__ = ["TransMambaConfig", "TransMambaEncoder"]

_KINDS = ("mamba", "attention")


@dataclass(frozen=True, slots=True, kw_only=True)
class TransMambaConfig:
    """Size of a :class:`TransMambaEncoder`."""

    depth: int = 2
    """Number of blocks of either kind together."""
    pattern: tuple[str, ...] = ("mamba", "attention")
    """Order of the blocks, repeated until the depth is reached."""
    mamba: MambaConfig = field(default_factory=MambaConfig)
    """Settings of the Mamba blocks; its depth and gradient checkpointing are not used."""
    attention: TransformerConfig = field(default_factory=TransformerConfig)
    """Settings of the transformer blocks; its depth and gradient checkpointing are not used."""
    gradient_checkpointing: bool = False
    """Recompute each block in the backward pass instead of keeping its activations."""

    def __post_init__(self) -> None:
        unknown = sorted(set(self.pattern) - set(_KINDS))
        if self.depth < 1 or not self.pattern or unknown:
            msg = (
                f"depth must be at least 1 and pattern name blocks out of {', '.join(_KINDS)}; got depth={self.depth}, "
                f"pattern={self.pattern}."
            )
            raise ConfigError(msg)


class TransMambaEncoder(nn.Module):
    """Hybrid of state spaces and attention.

    State spaces carry what lasts, attention picks out single tokens.

    Notes
    -----
    Source: interleaved blocks as in Jamba, arXiv 2403.19887; the name from TransMamba, arXiv 2503.24067, whose
    shared weights are not part of this.

    Examples
    --------
    >>> import torch
    >>> encoder = TransMambaEncoder(dim=8, config=TransMambaConfig(depth=3, pattern=("mamba", "mamba", "attention")))
    >>> encoder(torch.randn(2, 5, 8)).shape
    torch.Size([2, 5, 8])
    """

    def __init__(self, dim: int, config: TransMambaConfig) -> None:
        super().__init__()
        attention = config.attention
        self.blocks = nn.ModuleList(
            MambaBlock(dim, config.mamba)
            if kind == "mamba"
            else _AttentionBlock(dim, attention.heads, attention.expansion, attention.dropout)
            for kind in islice(cycle(config.pattern), config.depth)
        )
        self.norm = nn.LayerNorm(dim)
        self.gradient_checkpointing = config.gradient_checkpointing

    def forward(
        self, x: Float[Tensor, "batch tokens dim"], padding: Bool[Tensor, "batch tokens"] | None = None
    ) -> Float[Tensor, "batch tokens dim"]:
        """Mix the tokens; padded ones do not influence the others."""
        if padding is not None:
            x = x.masked_fill(padding.unsqueeze(-1), 0.0)
        return self.norm(run_blocks(self.blocks, x, padding, checkpoint=self.gradient_checkpointing))


class _AttentionBlock(Block):
    """A transformer block that is told what is padding, as a Mamba block is."""

    def forward(
        self, x: Float[Tensor, "batch tokens dim"], padding: Bool[Tensor, "batch tokens"] | None = None
    ) -> Float[Tensor, "batch tokens dim"]:
        return super().forward(x, attention_mask(padding))
