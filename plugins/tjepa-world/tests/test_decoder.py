"""A probe decoder shows what latents stand for."""

from __future__ import annotations

import numpy as np
import pytest
from tjepa_world import LatentWorldModel, ProbeDecoder

from tjepa_estimators.errors import ConfigError, DataError, NotFittedError


def test_what_was_encoded_is_decoded(world, points, push):
    fresh = push(10, seed=4).items
    decoder = ProbeDecoder(world).fit(points.items)
    found = decoder.decode(world.encode(fresh))
    assert np.square(found - fresh).mean() < 0.1 * fresh.var()
    assert decoder.decode(np.zeros((3, 4, world.latent_dim_))).shape == (3, 4, 2)


def test_what_cannot_be_decoded_is_refused(world):
    with pytest.raises(NotFittedError, match="call fit"):
        ProbeDecoder(world).decode(np.zeros((1, 8)))
    with pytest.raises(DataError, match="NaN"):
        ProbeDecoder(world).fit(np.full((3, 2), np.nan))
    with pytest.raises(ConfigError, match="degree"):
        ProbeDecoder(world, degree=3)


def test_products_are_added_only_where_latents_are_few(points, encoder):
    """Of 256 numbers they would be 33 thousand."""
    wide = LatentWorldModel(encoder, {"rollout": 2, "latent_dim": 65}, {"steps": 2})
    few = ProbeDecoder(wide)._inputs(np.ones((2, 65))).shape[1]
    assert (few, ProbeDecoder(wide)._inputs(np.ones((2, 4))).shape[1]) == (66, 15)
