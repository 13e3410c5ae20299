"""The rival: the same network, trained to name hidden words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from tjepa_estimators import PretrainedEncoder
from tjepa_estimators.nn.randomness import scoped_seed
from tjepa_estimators.training.run import finetune

if TYPE_CHECKING:
    from torch import Tensor

    from tjepa_estimators.nn.backbone import Backbone
    from tjepa_estimators.training.config import TrainConfig

__all__ = ["WordGuesser", "train_masked_words"]

_MASK, _HIDDEN = 4, 0.15
"""Number of ``[MASK]`` in a learned vocabulary, and the share of words that it replaces."""


class WordGuesser(nn.Module):
    """Latents of a network and, from them, what stands at each place; the matrix is that of the embeddings."""

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        dim = backbone.dim
        self.backbone = backbone
        self.head = nn.Sequential(nn.Linear(dim, dim), nn.GELU(), nn.LayerNorm(dim))

    def forward(self, raw: Tensor, generator: torch.Generator) -> Tensor:
        """The loss on words hidden at random."""
        drawn = torch.rand(raw.shape, generator=generator).to(raw.device)  # on the CPU, so that devices draw alike
        hidden = (drawn < _HIDDEN) & (raw >= 0)
        latents = self.backbone(raw.masked_fill(hidden, _MASK)).values[hidden]
        words = nn.functional.linear(self.head(latents), self.backbone.tokenizer.embed.weight / latents.shape[1] ** 0.5)
        return nn.functional.cross_entropy(words, raw[hidden]) if hidden.any() else words.sum()


def train_masked_words(start: PretrainedEncoder, texts: list[str], train: TrainConfig) -> PretrainedEncoder:
    """The network of ``start``, with its weights and vocabulary, trained to name hidden words for as many steps."""
    model, settings = start.build(), start.info.jepa.tokenizer.settings()
    samples = settings.samples(texts)
    with scoped_seed(train.seed):
        guesser = WordGuesser(model.student)

    def loss(network: nn.Module, index: Tensor, generator: torch.Generator) -> Tensor:
        return network(samples.gather(index).to(next(network.parameters()).device), generator)

    finetune(guesser, loss, len(samples), [(list(guesser.parameters()), 1.0)], train)
    model.teacher.module.load_state_dict(model.student.state_dict())
    return PretrainedEncoder(start.info, model.state_dict())
