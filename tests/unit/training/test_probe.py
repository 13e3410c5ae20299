"""The windows that health is measured on are spread over all data, however many there are."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tjepa_estimators.jepa.build import build_jepa
from tjepa_estimators.jepa.config import JEPAConfig
from tjepa_estimators.training.config import TrainConfig
from tjepa_estimators.training.module import PretrainModule


class Endless:
    """Many windows, of which the numbers asked for are remembered."""

    def __init__(self, count):
        self.count = count
        self.asked = []

    def __len__(self):
        return self.count

    def gather(self, index):
        self.asked.append(index)
        return torch.randn(len(index), 32)


@pytest.mark.parametrize("count", [1, 5, 1_000, 29_500_000, 2**31 + 11])
def test_probes_reach_from_the_first_window_to_the_last_and_not_beyond(count, tiny_jepa, tiny_encoder):
    config = JEPAConfig(**tiny_jepa)
    source = Endless(count)
    PretrainModule(build_jepa(config, "transformer", tiny_encoder), source, config, TrainConfig()).probe(1)
    (index,) = source.asked
    assert index[0] == 0
    assert index[-1] == count - 1
    assert np.all(np.diff(index.numpy()) > 0)
