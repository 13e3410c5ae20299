"""What many tests share: small lively series and one small pretrained encoder."""

from __future__ import annotations

import numpy as np
import pytest

from tjepa_estimators import pretrain

collect_ignore_glob = [
    "golden/make_*.py",  # they run where the original implementations are installed
    "grids*.py",  # a plugin for tests, imported once it is in the catalog
]


@pytest.fixture(scope="session")
def tiny_jepa():
    """Settings for ``pretrain(config=...)``: windows of 32 steps in 8 tokens."""
    return {
        "context_length": 24,
        "future_length": 8,
        "patch_length": 4,
        "dim": 8,
        "predictor_dim": 8,
        "predictor_heads": 2,
    }


@pytest.fixture(scope="session")
def tiny_encoder():
    """Settings for ``pretrain(encoder_config=...)``."""
    return {"depth": 1, "heads": 2}


@pytest.fixture(scope="session")
def waves():
    """A panel of unequal lengths: noisy waves, one column each."""

    def wave(steps, period, seed):
        noise = np.random.default_rng(seed).standard_normal(steps)
        return (np.sin(2 * np.pi * np.arange(steps) / period) + 0.1 * noise)[:, None]

    return [wave(200, 9.0, 0), wave(250, 12.0, 1), wave(300, 20.0, 2)]


@pytest.fixture(scope="session")
def pretrain_tiny(waves, tiny_jepa, tiny_encoder):
    """Pretrain the small network: ``pretrain_tiny(data, encoder_config={...}, config={...}, steps=3)``."""

    def run(data=None, *, encoder_config=None, config=None, mixture=None, initial=None, on_diagnostics=None, **train):
        return pretrain(
            waves if data is None else data,
            encoder_config=tiny_encoder | (encoder_config or {}),
            config=tiny_jepa | (config or {}),
            train={"steps": 20, "batch_size": 32, "learning_rate": 1e-2} | train,
            mixture=mixture,
            initial=initial,
            on_diagnostics=on_diagnostics,
        )

    return run


@pytest.fixture(scope="session")
def tiny_decoding(pretrain_tiny):
    """An encoder after 20 steps that decodes quantiles, so that it forecasts by itself."""
    return pretrain_tiny(config={"quantiles": {}})


@pytest.fixture(scope="session")
def tiny_pretrained(pretrain_tiny):
    """An encoder after 20 steps on the waves; nothing may change it, so all tests share it."""
    return pretrain_tiny()
