"""The threshold on a stream is that of all scores so far, and forgets what it has no room for."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from tjepa_estimators.errors import ConfigError, DataError
from tjepa_estimators.tasks.pareto import ParetoTail
from tjepa_estimators.tasks.spot import SPOT
from tjepa_estimators.tasks.thresholds import PeaksOverThreshold

RULE = PeaksOverThreshold(risk=1e-3, level=0.95)


def draws(steps, seed):
    return np.random.default_rng(seed).gumbel(size=steps)


def after(spot, scores):
    for score in scores:
        spot.update(score)
    return spot.threshold


def batch(scores, level):
    """The rule, at a level that is given."""
    peaks = scores[scores > level] - level
    return RULE.threshold(level, ParetoTail.fit(peaks), len(peaks) / len(scores))


def test_before_any_update_it_is_the_threshold_of_the_training_scores():
    series = [draws(300, 0), draws(200, 1)]
    assert SPOT(series, RULE).threshold == RULE(series)


@pytest.mark.parametrize("steps", [1, 20, 500])
def test_it_equals_the_batch_threshold_of_all_scores(steps):
    spot, arriving = SPOT([draws(400, 0)], RULE), draws(steps, 1)
    assert after(spot, arriving) == batch(np.append(draws(400, 0), arriving), spot.level)


def test_alarms_may_be_left_out():
    quiet = draws(300, 1)
    spot = SPOT([draws(400, 0)], RULE, learns_alarms=False)
    quiet = quiet[quiet <= spot.threshold - 0.5]
    loud = np.insert(quiet, 100, np.full(10, 1e3))
    twin = SPOT([draws(400, 0)], RULE, learns_alarms=False)
    assert after(spot, loud) == after(twin, quiet)
    assert after(SPOT([draws(400, 0)], RULE), loud) > 2 * spot.threshold


def test_update_returns_the_threshold_for_the_next_score():
    spot = SPOT([draws(400, 0)], RULE)
    for score in draws(50, 1):
        assert spot.update(score) == spot.threshold


def test_the_promised_share_of_a_long_stream_lies_above():
    spot, stream = SPOT([draws(2000, 0)], RULE, max_peaks=500), draws(20_000, 1)
    above = sum(score > spot.threshold for score in stream if spot.update(score))
    assert above / len(stream) == pytest.approx(RULE.risk, rel=0.6)


def test_memory_does_not_grow():
    spot = SPOT([draws(2000, 0)], RULE, max_peaks=50)
    after(spot, draws(100, 1))
    before = len(pickle.dumps(spot))
    after(spot, draws(3000, 2))
    assert len(pickle.dumps(spot)) <= before + 8


def test_the_latest_peaks_are_kept():
    spot = SPOT([draws(400, 0)], RULE, max_peaks=10)
    calm = after(spot, np.full(20, spot.level + 0.01) + 1e-4 * np.arange(20))
    assert calm < spot.level + 0.1


@pytest.mark.parametrize("score", [np.nan, np.inf])
def test_a_score_that_is_not_finite_is_refused_and_forgotten(score):
    spot, twin = SPOT([draws(400, 0)], RULE), SPOT([draws(400, 0)], RULE)
    with pytest.raises(DataError, match="skip this step"):
        spot.update(score)
    assert after(spot, draws(30, 1)) == after(twin, draws(30, 1))


def test_training_scores_that_say_too_little_are_refused():
    with pytest.raises(DataError, match="use Contamination"):
        SPOT([draws(50, 0)])
    with pytest.raises(DataError, match="NaN"):
        SPOT([np.append(draws(400, 0), np.nan)])


def test_too_little_memory_is_refused():
    with pytest.raises(ConfigError, match="max_peaks must be at least 10"):
        SPOT([draws(400, 0)], max_peaks=9)
