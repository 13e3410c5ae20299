"""A small world that every test shares: a point that is pushed about in a plane."""

from __future__ import annotations

import numpy as np
import pytest
from tjepa_world import LatentWorldModel, Trajectories

from tjepa_estimators import pretrain


def pushed(count, steps=12, seed=0):
    """Trajectories of a point whose step is a fifth of the push."""
    random = np.random.default_rng(seed)
    pushes = random.uniform(-1, 1, (count, steps, 2)).astype(np.float32)
    starts = random.uniform(-1, 1, (count, 1, 2)).astype(np.float32)
    places = np.concatenate([starts, starts + 0.2 * pushes.cumsum(axis=1)], axis=1)
    return Trajectories(list(places), list(pushes), [-np.linalg.norm(one[1:], axis=1) for one in places])


@pytest.fixture(scope="session")
def push():
    """Make trajectories: ``push(count, steps=12, seed=0)``."""
    return pushed


@pytest.fixture(scope="session")
def points():
    return pushed(60)


@pytest.fixture(scope="session")
def encoder(points):
    return pretrain(points.items, config="vectors-tiny", train={"steps": 20, "batch_size": 64})


@pytest.fixture(scope="session")
def world(points, encoder):
    """A fitted model; nothing may change it."""
    train = {"steps": 250, "batch_size": 128, "learning_rate": 3e-3}
    return LatentWorldModel(encoder, {"rollout": 4, "width": 64, "latent_dim": 8}, train).fit(points)
