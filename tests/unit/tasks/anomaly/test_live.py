"""A series that arrives step by step gets the scores that it gets as a whole."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tjepa_estimators.errors import DataError

WAVE = np.sin(np.arange(300.0) / 2)


@settings(max_examples=15, deadline=None)
@given(
    steps=st.integers(1, 220),
    sizes=st.lists(st.integers(1, 90), min_size=1, max_size=8),
    gap=st.integers(0, 60),
    ahead=st.booleans(),
)
def test_a_stream_in_any_pieces_gives_the_scores_of_the_series(steps, sizes, gap, ahead, both, rhythms):
    series = rhythms(steps, seed=3)
    series[20 : 20 + gap] = np.nan
    stream, low, scores = both[ahead].stream(), 0, []
    for size in sizes:
        if low < steps:
            scores.append(stream.score_next(series[low : low + size]))
            low = min(steps, low + size)
    if low < steps:
        scores.append(stream.score_next(series[low:]))
    streamed = np.concatenate([*scores, stream.finish()])
    expected = both[ahead].score(series) if steps >= 16 else np.zeros(steps)
    np.testing.assert_allclose(streamed, expected, rtol=1e-9, atol=1e-9)


def test_steps_may_come_one_by_one(task, single, rhythms):
    for fitted, series in ((task, rhythms(60, seed=1)), (single, WAVE[5:65] * 0.9)):
        stream = fitted.stream()
        scores = [stream.score_next(step) for step in series]
        np.testing.assert_allclose(np.concatenate([*scores, stream.finish()]), fitted.score(series), rtol=1e-9)


def test_what_a_stream_remembers_does_not_grow(task, rhythms):
    stream = task.stream()
    size = []
    for seed in range(6):
        stream.score_next(rhythms(200, seed=seed))
        size.append(len(pickle.dumps(stream._parts)))
    assert max(size[1:]) <= size[0] + 4096  # less than the 200 steps of three channels that came in between


def test_a_finished_stream_takes_no_more(task):
    stream = task.stream()
    assert stream.finish().shape == (0,)
    for use in (stream.finish, lambda: stream.score_next(np.zeros(3))):
        with pytest.raises(DataError, match="finished"):
            use()


def test_a_step_of_other_channels_is_refused(task):
    with pytest.raises(DataError, match="Got 2 channels, but the task was fitted on 3"):
        task.stream().score_next(np.zeros(2))
