"""Mixture of experts: blocks that send each sequence to a few of several encoders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from tjepa_estimators.nn.auxiliary import Latest
from tjepa_estimators.nn.stack import run_blocks
from tjepa_estimators.plugins import get_encoder
from tjepa_moe.routing import Router, expert_use, load_balance

if TYPE_CHECKING:
    from jaxtyping import Bool, Float
    from torch import Tensor

    from tjepa_moe.config import MoEConfig
    from tjepa_moe.routing import Routing

__all__ = ["MoEBlock", "MoEEncoder"]


class MoEBlock(nn.Module):
    """Experts on a normalised residual branch; each sees only the rows that chose it."""

    def __init__(self, dim: int, config: MoEConfig) -> None:
        super().__init__()
        build, settings = get_encoder(config.expert).load(), config.expert_settings()
        self.norm = nn.LayerNorm(dim)
        self.router = Router(dim, config.experts, config.top_k)
        self.experts = nn.ModuleList(build(dim, settings) for _ in range(config.experts))
        self.balance = config.balance
        self._losses: Latest[dict[str, Tensor]] = Latest()
        self._use: Latest[Float[Tensor, " experts"]] = Latest()

    def forward(
        self, x: Float[Tensor, "batch tokens dim"], padding: Bool[Tensor, "batch tokens"]
    ) -> Float[Tensor, "batch tokens dim"]:
        """Add what the chosen experts say, by their weights."""
        normed = self.norm(x)
        routing = self.router(normed, ~padding)
        self._use.put(expert_use(routing).detach())
        if self.balance and self.training and torch.is_grad_enabled():
            self._losses.put({"balance": self.balance * load_balance(routing)})
        return x + self._mix(normed, padding, routing)

    def auxiliary_losses(self) -> dict[str, Float[Tensor, ""]]:
        """The load balance of the latest forward pass in training, weighted."""
        return self._losses.take() or {}

    def diagnostics(self) -> dict[str, float]:
        """The share of the choices that fell on each expert in the latest forward pass."""
        use = [] if self._use.value is None else self._use.value.tolist()
        return {f"expert_{number}_use": share for number, share in enumerate(use)}

    def _mix(
        self, x: Float[Tensor, "batch tokens dim"], padding: Bool[Tensor, "batch tokens"], routing: Routing
    ) -> Float[Tensor, "batch tokens dim"]:
        mixed = torch.zeros_like(x)
        for number, expert in enumerate(self.experts):
            rows, rank = (routing.chosen == number).nonzero(as_tuple=True)
            if len(rows):
                weighted = routing.weights[rows, rank, None, None] * expert(x[rows], padding[rows])
                mixed = mixed.index_add(0, rows, weighted.to(x.dtype))
            elif torch.is_grad_enabled():
                mixed = mixed + sum(_nothing(parameter).to(x) for parameter in expert.parameters())
        return mixed


class MoEEncoder(nn.Module):
    """Sparse mixture of experts whose experts are registered encoders, such as a transformer or a Mamba.

    A router sends each *sequence* to the ``top_k`` experts that suit it; their outputs are added by the router's
    weights. So the network holds the parameters of all experts and does the work of a few, and series of different
    kinds can be served by different weights.

    Known mixtures route each *token*, because their experts are feed-forward layers that see one token alone. Here an
    expert is a whole sequence mixer: a token that goes where its neighbours do not would find nothing to mix with.
    The unit that can be sent away is the sequence. There is no limit to the rows that one expert takes: none is
    dropped, and no row depends on which others are in its batch.

    Source: top-k gating of Shazeer et al. (arXiv 1701.06538), load-balance loss of the Switch Transformer
    (arXiv 2101.03961).

    Examples
    --------
    >>> from tjepa_moe.config import MoEConfig
    >>> MoEEncoder(dim=8, config=MoEConfig())(torch.randn(2, 5, 8)).shape
    torch.Size([2, 5, 8])
    """

    def __init__(self, dim: int, config: MoEConfig) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(MoEBlock(dim, config) for _ in range(config.depth))
        self.norm = nn.LayerNorm(dim)
        self.gradient_checkpointing = config.gradient_checkpointing

    def forward(
        self, x: Float[Tensor, "batch tokens dim"], padding: Bool[Tensor, "batch tokens"] | None = None
    ) -> Float[Tensor, "batch tokens dim"]:
        """Mix the tokens; padded ones do not influence the others, nor the choice of the experts."""
        if padding is None:
            padding = torch.zeros(x.shape[:2], dtype=torch.bool, device=x.device)
        x = x.masked_fill(padding.unsqueeze(-1), 0.0)  # NaN would survive a weight of zero
        return self.norm(run_blocks(self.blocks, x, padding, checkpoint=self.gradient_checkpointing))


def _nothing(parameter: Tensor) -> Float[Tensor, ""]:
    """Zero, with a slope of zero: data-parallel training waits for a gradient of every parameter in each step."""
    return parameter.flatten()[:0].sum()
