"""On a GPU: an encoder learns there, and forecasts come out of the wrappers as they do on a CPU."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from tjepa_estimators import JEPAForecaster, pretrain

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
    pytest.mark.filterwarnings("ignore:The selective scan runs in plain torch:UserWarning"),
]

MAMBA = {"encoder": "mamba", "encoder_config": {"depth": 1, "state": 4}}
TRAIN = {"steps": 5, "batch_size": 32, "learning_rate": 1e-3}


@pytest.fixture(scope="module")
def learned_on_gpu(waves, tiny_jepa):
    return pretrain(waves, **MAMBA, config=tiny_jepa, train=TRAIN | {"accelerator": "gpu"})


@pytest.fixture
def series(waves):
    return pd.Series(waves[0][:, 0])


def test_an_encoder_learns_the_same_on_a_gpu(waves, tiny_jepa, learned_on_gpu):
    on_cpu = pretrain(waves, **MAMBA, config=tiny_jepa, train=TRAIN | {"accelerator": "cpu"})
    windows = np.stack([wave[:24, 0] for wave in waves])
    found, expected = learned_on_gpu.embed(windows), on_cpu.embed(windows)
    assert np.abs(found - expected).mean() < 0.05 * np.abs(expected).mean()


def test_an_encoder_learns_in_half_precision(waves, tiny_jepa):
    train = TRAIN | {"accelerator": "gpu", "precision": "bf16-mixed"}
    encoder = pretrain(waves, **MAMBA, config=tiny_jepa, train=train)
    assert np.isfinite(encoder.embed(np.stack([wave[:24, 0] for wave in waves]))).all()


@pytest.mark.parametrize("strategy", ["frozen", "finetune"])
def test_what_was_learned_on_a_gpu_forecasts(learned_on_gpu, series, strategy):
    train = TRAIN | {"accelerator": "gpu"}
    forecaster = JEPAForecaster(pretrained=learned_on_gpu, horizon=4, strategy=strategy, train=train)
    forecast = forecaster.fit(series).predict(fh=[1, 2, 3, 4])
    assert np.isfinite(forecast.to_numpy()).all()
    assert np.abs(forecast.to_numpy()).max() < 3  # waves of size one
