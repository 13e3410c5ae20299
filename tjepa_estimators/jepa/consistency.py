"""A loss term that draws together what a sample's slices along its first axis look like as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from jaxtyping import Bool, Float
    from torch import Tensor

    from tjepa_estimators.contracts import JEPAOutput

__all__ = ["ConsistencyTerm", "consistency_loss"]


def consistency_loss(
    latents: Float[Tensor, "batch tokens dim"],
    places: Float[Tensor, "batch tokens"],
    observed: Bool[Tensor, "batch tokens"],
) -> Float[Tensor, ""]:
    """Mean squared distance of the mean latent of each slice from that of all slices of its sample.

    A slice is the observed tokens at one place. A sample with a single slice counts for nothing. Source: the invariance
    term of VICReg (arXiv 2105.04906, eq. 5), for any number of views; equal latents satisfy it.

    Examples
    --------
    >>> import torch
    >>> latents, places = torch.tensor([[[1.0], [3.0], [6.0]]]), torch.tensor([[0.0, 0.0, 1.0]])
    >>> consistency_loss(latents, places, torch.ones(1, 3, dtype=torch.bool))
    tensor(4.)
    """
    slices = places.unsqueeze(-1) == places[observed].unique()
    member = (slices & observed.unsqueeze(-1)).to(latents.dtype)  # (batch, tokens, slices)
    count = member.sum(dim=1)
    means = member.mT @ latents.where(observed.unsqueeze(-1), 0.0) / count.clamp(min=1.0).unsqueeze(-1)
    held = (count > 0).to(latents.dtype)
    center = (means * held.unsqueeze(-1)).sum(dim=1, keepdim=True) / held.sum(dim=1).clamp(min=1.0)[:, None, None]
    held = held * (held.sum(dim=1, keepdim=True) > 1)
    return ((means - center).square().mean(dim=-1) * held).sum() / held.sum().clamp(min=1.0)


@dataclass(frozen=True, slots=True)
class ConsistencyTerm:
    """Draw together the student's mean latents of slices along the first axis of positions."""

    def __call__(self, output: JEPAOutput) -> Float[Tensor, ""]:
        """Average over slices of all samples."""
        positions = cast("Tensor", output.positions)  # a JEPA always says where its tokens are
        return consistency_loss(output.latents, positions[..., 0], output.visible)
