"""Reconstruction: the visible patches again from the student's latents, as an anchor against collapse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from torch import nn

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from tjepa_estimators.contracts import JEPAOutput, Rebuilt

__all__ = ["PatchDecoder", "ReconstructionTerm", "reconstruction_loss"]


class PatchDecoder(nn.Module):
    """From a latent to the normalised values of its patch, through one hidden layer."""

    def __init__(self, dim: int, patch_length: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, patch_length))

    def forward(self, latents: Float[Tensor, "batch tokens dim"]) -> Float[Tensor, "batch tokens patch"]:
        """Decode each latent alone."""
        return self.layers(latents)


def reconstruction_loss(
    patches: Float[Tensor, "batch tokens patch"], truth: Float[Tensor, "batch tokens patch"]
) -> Float[Tensor, ""]:
    """Mean squared error over the values that are not missing in ``truth``; zero if all are.

    Examples
    --------
    >>> import torch
    >>> reconstruction_loss(torch.zeros(1, 1, 3), torch.tensor([[[2.0, torch.nan, 0.0]]]))
    tensor(2.)
    """
    known = ~truth.isnan()
    return (patches - truth.where(known, 0.0)).where(known, 0.0).square().sum() / known.sum().clamp(min=1)


@dataclass(frozen=True, slots=True)
class ReconstructionTerm:
    """Error of the visible patches that were decoded from the student's latents."""

    def __call__(self, output: JEPAOutput) -> Float[Tensor, ""]:
        """Average over the observed values."""
        rebuilt = cast("Rebuilt", output.rebuilt)  # build_objective asks for the term with a decoder only
        return reconstruction_loss(rebuilt.patches, rebuilt.truth)
