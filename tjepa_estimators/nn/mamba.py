"""Mamba as an encoder: selective state spaces that read the tokens in both directions, or causally.

Letters: D inner channels, N state size, R rank of the step size, K width of the convolution.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import torch
from torch import nn

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.nn.scan import causal_conv1d, selective_scan
from tjepa_estimators.nn.stack import run_blocks

if TYPE_CHECKING:
    from jaxtyping import Bool, Float
    from torch import Tensor

__all__ = ["MambaBlock", "MambaConfig", "MambaEncoder", "MambaMixer", "draw_dt_bias"]

_FROZEN = -1e4
"""Step size before softplus at which a state neither decays nor takes anything in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MambaConfig:
    """Size of a :class:`MambaEncoder`."""

    depth: int = 2
    """Number of blocks."""
    state: int = 16
    """Size of the state of each inner channel."""
    conv: int = 4
    """Tokens that the short convolution sees."""
    expansion: int = 2
    """Inner channels, in token widths."""
    dt_rank: int | None = None
    """Rank of the map to the step sizes; None takes a sixteenth of the token width, rounded up."""
    causal: bool = False
    """Let each token see only those before it; without it a second scan runs from the last token to the first."""
    dropout: float = 0.0
    """Dropout on the output of each residual branch."""
    gradient_checkpointing: bool = False
    """Recompute each block in the backward pass instead of keeping its activations."""

    def __post_init__(self) -> None:
        sizes = (self.depth, self.state, self.conv, self.expansion, 1 if self.dt_rank is None else self.dt_rank)
        if min(sizes) < 1 or not 0.0 <= self.dropout < 1.0:
            msg = f"depth, state, conv, expansion and dt_rank must be at least 1 and dropout in [0, 1); got {self}."
            raise ConfigError(msg)


class MambaMixer(nn.Module):
    """One layer of selective state spaces.

    Parameters
    ----------
    dim
        Width of a token.
    config
        Sizes and direction; depth and dropout are not used.

    Notes
    -----
    A causal layer has the names and shapes of the parameters of ``mamba_ssm.Mamba``, so that state dicts move between
    them. Otherwise a second scan runs backwards, with a convolution, step sizes and decay of its own under the names
    of Vision Mamba; projections and gate are shared.

    Source: Mamba, arXiv 2312.00752; both directions as in Vision Mamba, arXiv 2401.09417.

    Examples
    --------
    >>> list(MambaMixer(dim=32, config=MambaConfig(causal=True)).state_dict())[:4]
    ['A_log', 'D', 'in_proj.weight', 'conv1d.weight']
    """

    no_weight_decay = ("A_log", "A_b_log")
    """Decay rates: shrinking their logarithms would pull them towards one."""

    def __init__(self, dim: int, config: MambaConfig) -> None:
        super().__init__()
        inner, rank = config.expansion * dim, config.dt_rank or math.ceil(dim / 16)
        state, conv = config.state, config.conv
        self.causal = config.causal
        self.in_proj = nn.Linear(dim, 2 * inner, bias=False)
        self.conv1d = _short_convolution(inner, conv)
        self.x_proj = nn.Linear(inner, rank + 2 * state, bias=False)
        self.dt_proj = _step_projection(rank, inner)
        self.A_log = _decay(inner, state)
        self.D = nn.Parameter(torch.ones(inner))
        if not self.causal:
            self.conv1d_b = _short_convolution(inner, conv)
            self.x_proj_b = nn.Linear(inner, rank + 2 * state, bias=False)
            self.dt_proj_b = _step_projection(rank, inner)
            self.A_b_log = _decay(inner, state)
            self.D_b = nn.Parameter(torch.ones(inner))
        self.out_proj = nn.Linear(inner, dim, bias=False)

    def forward(
        self, x: Float[Tensor, "batch tokens dim"], padding: Bool[Tensor, "batch tokens"] | None = None
    ) -> Float[Tensor, "batch tokens dim"]:
        """Mix the tokens; padded ones enter no state and no convolution."""
        hidden = None if padding is None else padding.unsqueeze(-1)
        if hidden is not None:
            x = x.masked_fill(hidden, 0.0)
        given, gate = self.in_proj(x).chunk(2, dim=-1)  # (batch, tokens, D) each
        y = _scan(given, hidden, self.conv1d, self.x_proj, self.dt_proj, self.A_log, self.D, reverse=False)
        if not self.causal:
            y = y + _scan(
                given, hidden, self.conv1d_b, self.x_proj_b, self.dt_proj_b, self.A_b_log, self.D_b, reverse=True
            )
        return self.out_proj(y * nn.functional.silu(gate))


def _scan(
    given: Float[Tensor, "batch tokens D"], hidden: Bool[Tensor, "batch tokens 1"] | None,
    conv1d: nn.Conv1d, x_proj: nn.Linear, dt_proj: nn.Linear,
    A_log: Float[Tensor, "D N"], D: Float[Tensor, " D"], *, reverse: bool,
) -> Float[Tensor, "batch tokens D"]:  # fmt: skip
    """Convolve and scan in one direction."""
    u = causal_conv1d(given.mT, conv1d.weight.squeeze(1), conv1d.bias, "silu", reverse=reverse)  # (batch, D, tokens)
    rank, state = dt_proj.in_features, A_log.shape[1]
    step, B, C = x_proj(u.mT).split([rank, state, state], dim=-1)
    delta = nn.functional.linear(step, dt_proj.weight)  # its bias joins inside the scan
    if hidden is not None:
        delta = delta.masked_fill(hidden, _FROZEN)
    y = selective_scan(
        u, delta.mT, -torch.exp(A_log), B.mT, C.mT, D, delta_bias=dt_proj.bias, delta_softplus=True, reverse=reverse
    )
    return cast("Tensor", y).mT


class MambaBlock(nn.Module):
    """A mixer on a normalised residual branch."""

    def __init__(self, dim: int, config: MambaConfig) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.mixer = MambaMixer(dim, config)
        self.drop = nn.Dropout(config.dropout)

    def forward(
        self, x: Float[Tensor, "batch tokens dim"], padding: Bool[Tensor, "batch tokens"] | None = None
    ) -> Float[Tensor, "batch tokens dim"]:
        """Add the branch."""
        return x + self.drop(self.mixer(self.norm(x), padding))


class MambaEncoder(nn.Module):
    """Stack of Mamba blocks; time and memory grow linearly with the number of tokens.

    On a CPU the scans run in numba kernels, on a GPU in those of mamba-ssm where it is installed; see
    :func:`tjepa_estimators.nn.scan.selective_scan`.

    Examples
    --------
    >>> MambaEncoder(dim=8, config=MambaConfig())(torch.randn(2, 5, 8)).shape
    torch.Size([2, 5, 8])
    """

    def __init__(self, dim: int, config: MambaConfig) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(MambaBlock(dim, config) for _ in range(config.depth))
        self.norm = nn.LayerNorm(dim)
        self.gradient_checkpointing = config.gradient_checkpointing

    def forward(
        self, x: Float[Tensor, "batch tokens dim"], padding: Bool[Tensor, "batch tokens"] | None = None
    ) -> Float[Tensor, "batch tokens dim"]:
        """Mix the tokens; padded ones do not influence the others."""
        if padding is not None:
            x = x.masked_fill(padding.unsqueeze(-1), 0.0)
        return self.norm(run_blocks(self.blocks, x, padding, checkpoint=self.gradient_checkpointing))


def _short_convolution(inner: int, width: int) -> nn.Conv1d:
    """Hold the weights of the convolution under the names that mamba-ssm gives them; it is computed elsewhere."""
    return nn.Conv1d(inner, inner, width, groups=inner, padding=width - 1)


def _decay(inner: int, state: int) -> nn.Parameter:
    """Logarithms of decay rates from 1 to N, the real part of S4D (arXiv 2206.11893)."""
    return nn.Parameter(torch.arange(1.0, state + 1).log().repeat(inner, 1))


def _step_projection(rank: int, inner: int) -> nn.Linear:
    """Map to step sizes, which begin as :func:`draw_dt_bias` draws them."""
    project = nn.Linear(rank, inner)
    nn.init.uniform_(project.weight, -(rank**-0.5), rank**-0.5)
    project.bias = draw_dt_bias(inner)
    return project


def draw_dt_bias(count: int) -> nn.Parameter:
    """Step sizes between 0.001 and 0.1, uniform in their logarithm, as they are before the softplus."""
    steps = torch.exp(torch.rand(count) * math.log(100.0) + math.log(0.001))
    return nn.Parameter(steps + torch.log(-torch.expm1(-steps)))
