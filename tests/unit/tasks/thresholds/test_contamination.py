"""A share of the steps lies above the threshold."""

from __future__ import annotations

import numpy as np
import pytest

from tjepa_estimators.tasks.thresholds import Contamination


@pytest.mark.parametrize("share", [0.01, 0.2, 0.5])
def test_the_share_of_all_steps_lies_above(share, draws):
    assert np.mean(np.concatenate(draws()) > Contamination(share)(draws())) == pytest.approx(share, abs=0.001)


def test_where_the_highest_scores_are_tied_all_of_them_lie_above():
    scores = np.repeat([0.0, 1.0, 2.0], [200, 60, 40])
    assert (scores > Contamination(0.01)([scores])).sum() == 40
    assert not (np.ones(9) > Contamination(0.1)([np.ones(9)])).any()
