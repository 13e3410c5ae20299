"""Routing: which experts a sequence is sent to, and what it costs to favour some of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

from tjepa_estimators.nn.pooling import masked_mean

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int
    from torch import Tensor

__all__ = ["Router", "Routing", "expert_use", "load_balance"]


@dataclass(frozen=True, slots=True)
class Routing:
    """Which experts each row of a batch is sent to."""

    probabilities: Float[Tensor, "batch experts"]
    """How well each expert suits, before any is chosen."""
    chosen: Int[Tensor, "batch top_k"]
    """The best experts of each row; all different."""
    weights: Float[Tensor, "batch top_k"]
    """Weights of their outputs."""


class Router(nn.Module):
    """Read the mean token of each sequence and choose the ``top_k`` best of ``experts`` experts.

    The weights are a softmax over the chosen, as of Shazeer et al. (arXiv 1701.06538, section 2.1; without noise, so
    that a row is routed the same in training and in evaluation). With ``top_k=1`` that would always be 1 and teach the
    router nothing, so the weight is then the probability, as in the Switch Transformer (arXiv 2101.03961, eq. 2).
    Under autocast it still computes in the precision of its weights (there, section 2.4): near ties must not be
    decided by rounding.
    """

    def __init__(self, dim: int, experts: int, top_k: int) -> None:
        super().__init__()
        self.top_k = top_k
        self.score = nn.Linear(dim, experts, bias=False)

    def forward(self, x: Float[Tensor, "batch tokens dim"], visible: Bool[Tensor, "batch tokens"]) -> Routing:
        """Choose; only ``visible`` tokens have a say."""
        with torch.autocast(x.device.type, enabled=False):
            scores = self.score(masked_mean(x, visible).to(self.score.weight.dtype))
            probabilities = scores.softmax(dim=1)
            best, chosen = probabilities.topk(self.top_k, dim=1)
            return Routing(probabilities, chosen, best if self.top_k == 1 else best / best.sum(dim=1, keepdim=True))


def expert_use(routing: Routing) -> Float[Tensor, " experts"]:
    """Share of the choices that fell on each expert; the shares add up to 1.

    Examples
    --------
    >>> expert_use(Routing(torch.rand(2, 3), torch.tensor([[0, 1], [1, 2]]), torch.rand(2, 2)))
    tensor([0.2500, 0.5000, 0.2500])
    """
    picks = nn.functional.one_hot(routing.chosen, routing.probabilities.shape[1])  # (batch, top_k, experts)
    return picks.to(routing.probabilities.dtype).mean(dim=(0, 1))


def load_balance(routing: Routing) -> Float[Tensor, ""]:
    """Load-balance loss: experts times the sum over them of use times mean probability.

    1 if all experts are used alike, up to their number if one is used alone. The use has no slope; through the
    probabilities the loss takes from those experts most that are used most.

    Source: Switch Transformer (arXiv 2101.03961, eq. 4 to 6), with the use counted over all ``top_k`` choices.

    Examples
    --------
    >>> load_balance(Routing(torch.full((2, 4), 0.25), torch.tensor([[0], [1]]), torch.ones(2, 1)))
    tensor(1.)
    """
    probabilities = routing.probabilities
    return probabilities.shape[1] * (expert_use(routing) * probabilities.mean(dim=0)).sum()
