"""Scores of three series, one of them of a single step."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def draws():
    def draw(seed=0):
        generator = np.random.default_rng(seed)
        return [generator.gumbel(size=steps) for steps in (900, 1, 600)]

    return draw
