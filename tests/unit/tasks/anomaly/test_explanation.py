"""What made a score."""

from __future__ import annotations

import numpy as np
import pytest

from tjepa_estimators.errors import DataError
from tjepa_estimators.tasks.anomaly import AnomalyTask, Explanation


def test_the_scores_are_those_of_the_task(task, rhythms):
    series = rhythms(300, seed=1)
    np.testing.assert_allclose(task.explain(series).scores, task.score(series), rtol=1e-9, atol=1e-12)


def test_there_is_a_part_for_each_resolution_and_scorer_and_a_share_for_each_channel(task, rhythms):
    told = task.explain(rhythms(200, seed=1))
    assert told.names == tuple((factor, name) for factor in (1, 4) for name in task.config.scores)
    assert told.parts.shape == (6, 200)
    assert told.channels.shape == (200, 3)


def test_shares_are_not_negative_and_add_up_to_one_or_to_nothing(task, rhythms):
    shares = task.explain(rhythms(300, seed=1)).channels
    assert (shares >= 0.0).all()
    total = shares.sum(axis=1)
    assert np.isclose(total, 1.0).any()
    assert (np.isclose(total, 1.0) | (total == 0.0)).all()


@pytest.mark.parametrize("channel", [0, 2])
def test_the_channel_of_a_planted_anomaly_has_the_largest_share(task, rhythms, channel):
    series = rhythms(300, seed=1)
    series[150:158, channel] += 4.0
    told = task.explain(series)
    assert (told.channels[150:158].argmax(axis=1) == channel).all()
    assert told.channels[150:158, channel].min() > 0.5
    assert {told.top(step)[2] for step in range(150, 158)} == {channel}


def test_a_spike_shows_at_the_finest_resolution_and_a_slow_change_at_a_coarser_one(noise, tiny_pretrained):
    config = {"window": 16, "resolutions": (1, 16), "scores": ("neighbours", "level")}
    task = AnomalyTask(config, pretrained=tiny_pretrained).fit(noise(4000))
    spike, slow = noise(2000, seed=1), noise(2000, seed=1)
    spike[1000:1002] += 9.0
    slow[800:1200] += 0.8
    assert task.explain(spike).top(1000)[0] == 1
    parts = task.explain(slow).parts[:, 900:1100].mean(axis=1)
    assert parts[2:].max() > parts[:2].max() + 1.0  # at 16 steps


def test_a_part_that_is_silent_is_not_the_top():
    told = Explanation(np.ones(1), ((1, "level"), (4, "level")), np.array([[0.5], [np.nan]]), np.array([[1.0]]))
    assert told.top(0) == (1, "level", 0)


def test_what_is_too_short_to_be_scored_is_not_explained(task, rhythms):
    with pytest.raises(DataError, match="15 steps, but at least 16"):
        task.explain(rhythms(15))
