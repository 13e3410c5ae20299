"""The threshold from the tail of the scores is met as rarely as promised."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import genpareto

from tjepa_estimators.errors import DataError, ThresholdWarning
from tjepa_estimators.tasks.thresholds import PeaksOverThreshold


@pytest.mark.parametrize("shape", [-0.4, 0.0, 0.3])
@pytest.mark.parametrize("risk", [1e-3, 1e-4])
def test_a_quantile_that_was_hardly_seen_is_found(shape, risk):
    known = genpareto(shape)
    found = [PeaksOverThreshold(risk)([known.rvs(5000, random_state=seed)]) for seed in range(20)]
    assert np.median(found) == pytest.approx(known.isf(risk), rel=0.1)


def test_the_threshold_is_never_below_the_level():
    values = np.append(np.zeros(985), np.arange(1.0, 16.0))  # the share above the level is smaller than the risk
    assert PeaksOverThreshold(risk=0.019)([values]) == np.quantile(values, 0.98) == 0.0


def test_a_threshold_that_votes_cannot_exceed_is_warned_of():
    votes = np.random.default_rng(0).exponential(0.1, size=2000)
    with pytest.warns(ThresholdWarning, match=r"no step will be abnormal. Take a larger risk"):
        assert PeaksOverThreshold(risk=1e-6)([votes]) > 1.0 > votes.max()
    assert PeaksOverThreshold(risk=1e-3)([votes]) < 1.0
    assert PeaksOverThreshold(risk=1e-6)([20.0 * votes]) > 20.0  # scores without an end


@pytest.mark.parametrize("scores", [np.zeros(5000), np.arange(100.0), np.repeat(np.arange(5.0), 500)])
def test_too_few_different_peaks_are_refused_with_a_way_out(scores):
    with pytest.raises(DataError, match=r"lower level, give longer series, or use Contamination"):
        PeaksOverThreshold()([scores])
