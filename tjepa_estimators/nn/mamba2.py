"""The Mamba-2 encoder: state-space dual mixers, reading the tokens both ways.

Sources: Mamba-2, Dao & Gu (arXiv 2405.21060); two directions that share their projections, Vision Mamba
(arXiv 2401.09417). The parameters have the names and shapes of ``mamba_ssm.Mamba2``, so that state dicts move between
the two; those of the direction from last to first come on top, marked ``_b``.

The scan needs no kernel: it is made of matrix products of torch and runs on any device.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.nn.mamba import draw_dt_bias
from tjepa_estimators.nn.scan import causal_conv1d
from tjepa_estimators.nn.ssd import state_space_dual, widen
from tjepa_estimators.nn.stack import run_blocks

if TYPE_CHECKING:
    from jaxtyping import Bool, Float
    from torch import Tensor

__all__ = ["Mamba2Config", "Mamba2Encoder", "Mamba2Mixer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mamba2Config:
    """Size of a :class:`Mamba2Encoder`."""

    depth: int = 2
    """Number of blocks."""
    state: int = 32
    """Size of the state of each inner channel."""
    conv: int = 4
    """Tokens that the short convolution sees."""
    expansion: int = 2
    """Inner channels, in token widths."""
    head_width: int | None = None
    """Inner channels that share one decay rate; must divide ``expansion * dim``. None takes the largest of 64, 32, 16,
    8, 4, 2 and 1 that does."""
    groups: int = 1
    """Groups of heads with their own way in and out of the state; must divide the number of heads."""
    chunk: int = 32
    """Most tokens that are mixed as one matrix; changes speed and memory, not the result."""
    causal: bool = False
    """Let each token see only those before it; without it a second scan runs from the last token to the first."""
    dropout: float = 0.0
    """Dropout on the output of each residual branch."""
    gradient_checkpointing: bool = False
    """Recompute each block in the backward pass instead of keeping its activations."""

    def __post_init__(self) -> None:
        head_width = 1 if self.head_width is None else self.head_width
        sizes = (self.depth, self.state, self.conv, self.expansion, head_width, self.groups, self.chunk)
        if min(sizes) < 1 or not 0.0 <= self.dropout < 1.0:
            msg = f"All sizes of Mamba-2 must be at least 1 and dropout in [0, 1); got {self}."
            raise ConfigError(msg)

    def width_of_heads(self, dim: int) -> int:
        """Channels per head for tokens of width ``dim``; a :class:`ConfigError` if heads or groups do not fit."""
        channels = self.expansion * dim
        width = self.head_width or math.gcd(channels, 64)
        if channels % width:
            msg = (
                f"head_width={width} does not divide expansion * dim = {self.expansion} * {dim} = {channels}; "
                "choose a width that does, or None."
            )
            raise ConfigError(msg)
        if channels // width % self.groups:
            msg = (
                f"groups={self.groups} does not divide the {channels // width} heads ({channels} channels in heads of "
                f"{width}); choose fewer groups or narrower heads."
            )
            raise ConfigError(msg)
        return width


class GatedNorm(nn.Module):
    """Root mean square norm of ``x * silu(gate)``, each group of channels by itself."""

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.groups = groups

    def forward(
        self, x: Float[Tensor, "batch tokens channels"], gate: Float[Tensor, "batch tokens channels"]
    ) -> Float[Tensor, "batch tokens channels"]:
        """Gate, then normalise."""
        gated = (widen(x) * nn.functional.silu(widen(gate))).unflatten(-1, (self.groups, -1))
        return (nn.functional.rms_norm(gated, gated.shape[-1:], eps=1e-5).flatten(-2) * self.weight).to(x.dtype)


def draw_rates(heads: int) -> nn.Parameter:
    """Logarithms of decay rates between 1 and 16."""
    return nn.Parameter(torch.empty(heads).uniform_(1.0, 16.0).log())


class Mamba2Mixer(nn.Module):
    """Mix tokens through the states of several heads.

    Causal, it is ``mamba_ssm.Mamba2``. Else a second scan runs from the last token to the first with a convolution
    and rates of its own; what comes before (the projection) and after (gate, norm and projection) is shared, and the
    outputs of the two scans are added.
    """

    def __init__(self, dim: int, config: Mamba2Config) -> None:
        super().__init__()
        self.channels, self.width, self.state = config.expansion * dim, config.width_of_heads(dim), config.state
        self.chunk, self.causal = config.chunk, config.causal
        heads = self.channels // self.width
        mixed = self.channels + 2 * config.groups * config.state  # x, B and C

        def convolution() -> nn.Conv1d:
            return nn.Conv1d(mixed, mixed, config.conv, groups=mixed, padding=config.conv - 1)

        self.dt_bias, self.A_log, self.D = draw_dt_bias(heads), draw_rates(heads), nn.Parameter(torch.ones(heads))
        self.in_proj = nn.Linear(dim, self.channels + mixed + heads, bias=False)  # the gate, x, B, C, step sizes
        self.conv1d = convolution()
        if not self.causal:
            self.dt_b_bias, self.A_b_log = draw_dt_bias(heads), draw_rates(heads)
            self.D_b = nn.Parameter(torch.ones(heads))
            self.conv1d_b = convolution()
        self.norm = GatedNorm(self.channels, config.groups)
        self.out_proj = nn.Linear(self.channels, dim, bias=False)

    def forward(
        self, x: Float[Tensor, "batch tokens dim"], padding: Bool[Tensor, "batch tokens"] | None = None
    ) -> Float[Tensor, "batch tokens dim"]:
        """Mix the tokens; padded ones enter no state and no convolution."""
        if padding is not None:
            x = x.masked_fill(padding.unsqueeze(-1), 0.0)  # and zero still after the projection, which adds nothing
        sizes = (self.channels, self.conv1d.in_channels, len(self.D))
        gate, mixed, dt = self.in_proj(x).split(sizes, dim=-1)
        y = self.scan(mixed, dt, padding, self.conv1d, self.dt_bias, self.A_log, self.D, reverse=False)
        if not self.causal:
            y = y + self.scan(mixed, dt, padding, self.conv1d_b, self.dt_b_bias, self.A_b_log, self.D_b, reverse=True)
        return self.out_proj(self.norm(y, gate))

    def scan(
        self,
        mixed: Float[Tensor, "batch tokens mixed"],
        dt: Float[Tensor, "batch tokens heads"],
        padding: Bool[Tensor, "batch tokens"] | None,
        conv: nn.Conv1d,
        dt_bias: Float[Tensor, " heads"],
        A_log: Float[Tensor, " heads"],
        D: Float[Tensor, " heads"],
        *,
        reverse: bool,
    ) -> Float[Tensor, "batch tokens channels"]:
        """Convolve and scan in one direction."""
        mixed = causal_conv1d(mixed.mT, conv.weight.squeeze(1), conv.bias, "silu", reverse=reverse).mT
        dt = nn.functional.softplus(widen(dt) + dt_bias)
        if padding is not None:
            dt = dt.masked_fill(padding.unsqueeze(-1), 0.0)
        x = mixed[..., : self.channels].unflatten(-1, (-1, self.width))
        B, C = mixed[..., self.channels :].unflatten(-1, (2, -1, self.state)).unbind(2)
        y = state_space_dual(x, dt, -widen(A_log).exp(), B, C, chunk=self.chunk, reverse=reverse)
        return (y + D.unsqueeze(-1) * x).flatten(2)


class Block(nn.Module):
    """A mixer on a normalised residual branch."""

    def __init__(self, dim: int, config: Mamba2Config) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.mixer = Mamba2Mixer(dim, config)
        self.drop = nn.Dropout(config.dropout)

    def forward(
        self, x: Float[Tensor, "batch tokens dim"], padding: Bool[Tensor, "batch tokens"] | None = None
    ) -> Float[Tensor, "batch tokens dim"]:
        """Add the branch; padded tokens influence no other."""
        return x + self.drop(self.mixer(self.norm(x), padding))


class Mamba2Encoder(nn.Module):
    """Mamba-2 layers that read the tokens in both directions (in one, if causal).

    Examples
    --------
    >>> Mamba2Encoder(dim=8, config=Mamba2Config())(torch.randn(2, 5, 8)).shape
    torch.Size([2, 5, 8])
    """

    def __init__(self, dim: int, config: Mamba2Config) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Block(dim, config) for _ in range(config.depth))
        self.norm = nn.LayerNorm(dim)
        self.gradient_checkpointing = config.gradient_checkpointing

    def forward(
        self, x: Float[Tensor, "batch tokens dim"], padding: Bool[Tensor, "batch tokens"] | None = None
    ) -> Float[Tensor, "batch tokens dim"]:
        """Mix the tokens; padded ones do not influence the others."""
        if padding is not None:
            x = x.masked_fill(padding.unsqueeze(-1), 0.0)  # they may hold anything, NaN too
        return self.norm(run_blocks(self.blocks, x, padding, checkpoint=self.gradient_checkpointing))
