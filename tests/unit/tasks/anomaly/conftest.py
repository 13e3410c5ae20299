"""Series and a fitted task that the tests of anomaly detection share."""

from __future__ import annotations

import numpy as np
import pytest

from tjepa_estimators.tasks.anomaly import AnomalyTask


@pytest.fixture(scope="session")
def noise():
    """Make white noise: ``noise(steps, channels, seed)``."""

    def make(steps, channels=1, seed=0):
        return np.random.default_rng(seed).standard_normal((steps, channels))

    return make


@pytest.fixture(scope="session")
def rhythms():
    """Make waves of different periods, a little noisy: ``rhythms(steps, channels, seed)``."""

    def make(steps, channels=3, seed=0):
        periods = np.array([9.0, 14.0, 20.0])[:channels]
        steady = np.sin(2 * np.pi * np.arange(steps)[:, None] / periods)
        return steady + 0.1 * np.random.default_rng(seed).standard_normal((steps, channels))

    return make


@pytest.fixture(scope="session")
def task(rhythms, tiny_pretrained):
    """Fitted on three channels, two resolutions, windows of 16 steps."""
    config = {"window": 16, "resolutions": (1, 4)}
    return AnomalyTask(config, pretrained=tiny_pretrained).fit(rhythms(600))


@pytest.fixture(scope="session")
def single(tiny_pretrained):
    return AnomalyTask(pretrained=tiny_pretrained).fit(np.sin(np.arange(300.0) / 2))


@pytest.fixture(scope="session")
def both(rhythms, tiny_pretrained):
    """The same task with and without looking ahead."""
    config = {"window": 16, "resolutions": (1, 4)}
    return {
        ahead: AnomalyTask({**config, "lookahead": ahead}, pretrained=tiny_pretrained).fit(rhythms(600))
        for ahead in (True, False)
    }
