"""Invariance: what is left of a sample, as a whole, when some of its tokens are hidden."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import torch
from torch import nn
from torch.nn import functional

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.jepa.losses import covariance_loss, variance_loss

if TYPE_CHECKING:
    from jaxtyping import Bool, Float
    from torch import Tensor

    from tjepa_estimators.contracts import JEPAOutput, Views

__all__ = ["Expander", "InvarianceConfig", "InvarianceTerm", "invariance_loss"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InvarianceConfig:
    """Draw together the mean latent of the visible tokens and that of all tokens: VICReg with masks for views.

    A prediction of latents token by token asks little of their mean, which is what embeds a sample. This term trains
    it; it costs a second pass of the student, over all tokens. Source: VICReg (arXiv 2105.04906), whose weights 25, 25
    and 1 have the same ratios.
    """

    weight: float = 1.0
    """Weight beside the prediction error."""
    variance: float = 1.0
    """Weight of the variance of both views, where invariance has 1."""
    covariance: float = 0.04
    """Weight of their covariance."""
    width: int = 128
    """Width of the hidden layer between the mean latent and what is compared."""

    def __post_init__(self) -> None:
        weights = (self.weight, self.variance, self.covariance)
        if not all(0.0 < weight < math.inf for weight in weights):
            msg = (
                f"weights of an invariance must be positive and finite, or all views become one; got {self}. "
                "Leave the whole of it out with invariance=None."
            )
            raise ConfigError(msg)
        if self.width < 1:
            raise ConfigError(f"width of an invariance must be at least 1, but got {self.width}.")


class Expander(nn.Module):
    """From a mean latent to what is compared, so that the latent itself may keep what views do not share.

    Its hidden units are standardised over the batch, as in the paper; no running average is kept, as nothing is
    embedded through it.
    """

    def __init__(self, dim: int, width: int) -> None:
        super().__init__()
        self.project_in = nn.Linear(dim, width)
        self.project_out = nn.Linear(width, dim)

    def forward(self, latents: Float[Tensor, "batch dim"]) -> Float[Tensor, "batch dim"]:
        """Expand a batch; of a single sample nothing is left, as there is no other to tell it from."""
        hidden = self.project_in(latents)
        spread, mean = torch.var_mean(hidden, dim=0, correction=0)
        return self.project_out(functional.gelu((hidden - mean) * torch.rsqrt(spread + 1e-5)))


def invariance_loss(
    part: Float[Tensor, "batch dim"], whole: Float[Tensor, "batch dim"], known: Bool[Tensor, "batch"]
) -> Float[Tensor, ""]:
    """Mean squared distance of two views of the samples that are ``known``; zero if none is.

    Examples
    --------
    >>> import torch
    >>> invariance_loss(torch.zeros(2, 1), torch.tensor([[2.0], [9.0]]), torch.tensor([True, False]))
    tensor(4.)
    """
    error = functional.mse_loss(part, whole, reduction="none").mean(dim=-1)
    return error.where(known, 0.0).sum() / known.sum().clamp(min=1)


@dataclass(frozen=True, slots=True)
class InvarianceTerm:
    """Invariance of views, and what keeps them apart from those of other samples."""

    variance: float
    covariance: float

    def __call__(self, output: JEPAOutput) -> Float[Tensor, ""]:
        """Average over samples."""
        views = cast("Views", output.views)  # build_objective asks for the term with an expander only
        loss = invariance_loss(views.part, views.whole, views.known)
        for view in (views.part, views.whole):
            spread = self.variance * variance_loss(view, views.known)
            loss = loss + 0.5 * (spread + self.covariance * covariance_loss(view, views.known))
        return loss
