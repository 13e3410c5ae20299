"""A classifier: latents and what is known beside them, standardised, to log-odds of classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from tjepa_estimators.nn.backbone import Backbone
    from tjepa_estimators.tasks.classification.probe import Probe

__all__ = ["ClassifierNetwork"]


class ClassifierNetwork(nn.Module):
    """An encoder, mean pooling, and one linear layer that begins as a logistic regression.

    Parameters
    ----------
    backbone
        What gives latents.
    channels
        Sequences of a row, whose mean latents are joined.
    probe
        The logistic regression.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, backbone: Backbone, channels: int, probe: Probe) -> None:
        super().__init__()
        self.backbone = backbone
        self.channels = channels
        self.register_buffer("mean", torch.as_tensor(probe.mean))
        self.register_buffer("scale", torch.as_tensor(probe.scale))
        self.head = nn.Linear(probe.weight.shape[1], len(probe.weight))
        self.head.weight = nn.Parameter(torch.as_tensor(probe.weight).clone())
        self.head.bias = nn.Parameter(torch.as_tensor(probe.bias).clone())

    def forward(self, raw: Tensor, beside: Float[Tensor, "batch extra"]) -> Float[Tensor, "batch classes"]:
        """Log-odds of each class, up to a constant of the row."""
        return self.head((self.features(raw, beside) - self.mean) / self.scale)

    def features(self, raw: Tensor, beside: Float[Tensor, "batch extra"]) -> Float[Tensor, "batch features"]:
        """The joined mean latents, and what is known beside them."""
        return joined(self.backbone, raw, beside, self.channels)


def joined(
    backbone: Backbone, raw: Tensor, beside: Float[Tensor, "batch extra"], channels: int
) -> Float[Tensor, "batch features"]:
    """Mean latents of the sequences of each row, side by side, and what is known beside them."""
    latents = backbone.pooled(raw).reshape(len(beside), -1)
    assert latents.shape[1] == channels * backbone.dim  # noqa: S101 - inputs and network were made together
    return torch.cat([latents, beside.to(latents)], dim=1)
