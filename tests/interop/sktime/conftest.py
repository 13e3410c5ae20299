"""Small estimators and series that the tests of the sktime wrappers share."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="session")
def tiny(tiny_jepa, tiny_encoder):
    """Parameters of an estimator that pretrains in a blink."""
    return {"config": tiny_jepa, "encoder_config": tiny_encoder, "train": {"steps": 2, "batch_size": 8}}


@pytest.fixture(scope="session")
def other_pretrained(pretrain_tiny):
    """An encoder with other weights than ``tiny_pretrained``."""
    return pretrain_tiny(seed=1)


@pytest.fixture
def days():
    """A wave of 80 days with a regular index."""
    rng = np.random.default_rng(0)
    index = pd.date_range("2024-01-01", periods=80, freq="D")
    return pd.Series(np.sin(np.arange(80) / 3) + 0.1 * rng.standard_normal(80), index, name="y")


@pytest.fixture
def panel(waves):
    """Three series of two columns, of unequal lengths and with unequal ends, not in the order of their names."""
    parts = {}
    for name, wave, start in zip("cab", waves, (0, 7, 3), strict=True):
        values = wave[: 60 + 10 * start]
        index = pd.period_range("2000-01", periods=100 + 80, freq="M")[start : start + len(values)]
        parts[name] = pd.DataFrame({"up": values[:, 0], "down": 5 - 2 * values[:, 0]}, index)
    return pd.concat(parts, names=["series", "month"])
