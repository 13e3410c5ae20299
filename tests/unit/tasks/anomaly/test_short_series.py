from __future__ import annotations

import numpy as np
import pytest

from tjepa_estimators.tasks.anomaly import AnomalyTask

WAVE = np.sin(np.arange(600.0) / 3)


@pytest.fixture(scope="module")
def task(tiny_pretrained):
    return AnomalyTask({"resolutions": (1, 4)}, pretrained=tiny_pretrained).fit(WAVE)


@pytest.mark.parametrize("steps", [33, 100, 127])
def test_a_series_too_short_for_the_coarse_view_is_scored_by_the_fine_one(task, steps):
    scores = task.score(0.5 + WAVE[:steps])
    assert scores.shape == (steps,)
    assert len(np.unique(scores)) > 1


def test_a_short_stream_gives_the_same_scores(task):
    values = 0.5 + WAVE[:100]
    stream = task.stream()
    parts = [stream.score_next(values), stream.finish()]
    assert len(np.concatenate(parts)) == 100
    np.testing.assert_allclose(np.concatenate(parts), task.score(values))


def test_the_silent_view_explains_nothing(task):
    told = task.explain(0.5 + WAVE[:100])
    coarse = [factor == 4 for factor, _ in told.names]
    assert told.parts.shape[1] == 100
    assert np.isnan(told.parts[coarse]).all()
