"""Which parameters the optimiser lets decay."""

from __future__ import annotations

import torch
from torch import nn

from tjepa_estimators.training.config import TrainConfig
from tjepa_estimators.training.module import FinetuneModule


class Sparing(nn.Module):
    no_weight_decay = ("rates",)

    def __init__(self):
        super().__init__()
        self.rates = nn.Parameter(torch.ones(2, 2))
        self.project = nn.Linear(2, 2)


def test_matrices_decay_but_not_vectors_nor_what_a_module_spares():
    network = Sparing()
    training = FinetuneModule(
        network,
        lambda *_: torch.zeros(()),
        4,
        TrainConfig(steps=1, weight_decay=0.5),
        [(list(network.parameters()), 1.0)],
    )
    groups = training.configure_optimizers()["optimizer"].param_groups
    decay = {id(parameter): group["weight_decay"] for group in groups for parameter in group["params"]}
    assert {name: decay[id(parameter)] for name, parameter in network.named_parameters()} == {
        "rates": 0.0,
        "project.weight": 0.5,
        "project.bias": 0.0,
    }
