from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("benchmarks", reason="installed without its repository")

from benchmarks.anomaly.datasets import Labelled, split_series
from benchmarks.anomaly.windows import WINDOW, over_steps, some, windows


@pytest.mark.parametrize("count", [3, 4, 6, 30])
def test_each_series_is_in_one_split(count):
    split = split_series(count)
    assert sorted(split["development"] + split["evaluation"]) == list(range(count))


@pytest.mark.parametrize(("count", "development"), [(2, 1), (4, 1), (6, 2), (27, 9), (30, 10), (34, 11), (53, 18)])
def test_a_third_of_the_series_is_for_development(count, development):
    assert len(split_series(count)["development"]) == development


def test_the_split_is_always_the_same():
    assert split_series(6) == {"development": [3, 2], "evaluation": [5, 4, 0, 1]}


def test_the_test_part_is_scaled_by_the_training_part():
    series = Labelled("one", np.array([[0.0], [2.0]]), np.array([[3.0], [500.0]]), np.array([0, 1])).standardised()
    assert series.train.ravel().tolist() == [-1.0, 1.0]
    assert series.test.ravel().tolist() == [2.0, 10.0]  # clipped


def test_a_window_raises_the_steps_that_it_covers():
    scores = np.zeros(100)
    scores[40] = 1.0
    raised = np.flatnonzero(over_steps(scores))
    assert (raised[0], raised[-1]) == (40, 40 + WINDOW - 1)


def test_there_is_a_score_for_each_step():
    values = np.arange(150.0).reshape(75, 2)
    assert len(over_steps(windows(values)[:, 0])) == 75


def test_a_few_windows_are_all_used():
    every = np.zeros((10, 3))
    assert some(every, seed=0) is every
