"""A share of the steps lies above the threshold."""

from __future__ import annotations

import numpy as np
import pytest

from tjepa_estimators.tasks.thresholds import Contamination


@pytest.mark.parametrize("share", [0.01, 0.2, 0.5])
def test_the_share_of_all_steps_lies_above(share, draws):
    assert np.mean(np.concatenate(draws()) > Contamination(share)(draws())) == pytest.approx(share, abs=0.001)
