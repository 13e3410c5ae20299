"""The rival: the same network, trained to paint hidden patches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from tjepa_estimators import PretrainedEncoder
from tjepa_estimators.jepa.predictor import TokenPredictor
from tjepa_estimators.nn.randomness import scoped_seed
from tjepa_estimators.nn.tokens import take_tokens
from tjepa_estimators.training.run import finetune

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from tjepa_estimators.jepa.config import JEPAConfig
    from tjepa_estimators.nn.backbone import Backbone
    from tjepa_estimators.training.config import TrainConfig

__all__ = ["train_masked_pixels"]

_HIDDEN = 0.75


class Painter(nn.Module):
    """A network and, from its latents of visible patches, the pixels of hidden ones (MAE, arXiv 2111.06377)."""

    def __init__(self, backbone: Backbone, jepa: JEPAConfig) -> None:
        super().__init__()
        self.backbone = backbone
        self.ask = TokenPredictor(jepa.dim, jepa.predictor_dim, jepa.predictor_depth, jepa.predictor_heads)
        self.paint = nn.Linear(jepa.dim, jepa.tokenizer.settings().patch ** 2)

    def forward(self, raw: Tensor, generator: torch.Generator) -> Tensor:
        """Mean squared error of hidden patches, of standardised pixels."""
        patches = self.backbone.tokenizer.patches(raw)
        order = torch.rand(patches.shape[:2], generator=generator).argsort(dim=1).to(raw.device)
        hidden = round(patches.shape[1] * _HIDDEN)
        context = self.backbone(raw, keep=order[:, hidden:].sort(dim=1).values)
        asked = order[:, :hidden]
        positions = take_tokens(self.backbone.tokenizer(raw).positions, asked)
        return (self.paint(self.ask(context, positions)) - take_tokens(patches, asked)).square().mean()


def train_masked_pixels(start: PretrainedEncoder, images: np.ndarray, train: TrainConfig) -> PretrainedEncoder:
    """The network of ``start``, with its weights, trained to paint for as many steps."""
    model, jepa = start.build(), start.info.jepa
    samples = jepa.tokenizer.settings().samples(images)
    with scoped_seed(train.seed):
        painter = Painter(model.student, jepa)

    def loss(network: nn.Module, index: Tensor, generator: torch.Generator) -> Tensor:
        return network(samples.gather(index).to(next(network.parameters()).device), generator)

    finetune(painter, loss, len(samples), [(list(painter.parameters()), 1.0)], train)
    model.teacher.module.load_state_dict(model.student.state_dict())
    return PretrainedEncoder(start.info, model.state_dict())
