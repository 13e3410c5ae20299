"""Point adjustment flatters, so chance stands beside it."""

from __future__ import annotations

import numpy as np
import pytest

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.tasks.metrics import point_adjusted_f1

LONG = np.repeat([0, 1, 0, 1, 0], [300, 120, 300, 150, 130])


def slow_adjusted_f1(scores, labels):
    """Best F1 over all thresholds after walking through the steps."""
    best = 0.0
    for threshold in np.unique(scores):
        alarms = scores > threshold
        for step in np.flatnonzero(labels & alarms):
            for way in (-1, 1):
                at = step
                while 0 <= at < len(labels) and labels[at]:
                    alarms[at] = True
                    at += way
        true = (alarms & labels).sum()
        best = max(best, 2 * true / (alarms.sum() + labels.sum()))
    return best


def test_one_lucky_step_finds_a_whole_event():
    assert point_adjusted_f1(np.isin(np.arange(1000), [350, 800]), LONG).f1 == pytest.approx(1.0)


def test_random_scores_come_near_one_where_events_are_long():
    found = point_adjusted_f1(np.random.default_rng(7).random(1000), LONG)
    assert found.random_f1 > 0.85
    assert found.f1 == pytest.approx(found.random_f1, abs=0.1)


def test_random_scores_get_little_where_events_are_single_steps():
    labels = np.arange(1000) % 100 == 50
    assert point_adjusted_f1(labels, labels).random_f1 < 0.2


@pytest.mark.parametrize("seed", range(5))
def test_the_adjustment_is_what_walking_through_the_steps_gives(seed):
    generator = np.random.default_rng(seed)
    scores, labels = generator.integers(0, 8, 40).astype(float), generator.random(40) < 0.4
    assert point_adjusted_f1(scores, labels, thresholds=np.unique).f1 == pytest.approx(slow_adjusted_f1(scores, labels))


def test_the_figure_of_chance_depends_on_the_labels_and_the_seed_alone():
    one, other = point_adjusted_f1(np.arange(1000), LONG), point_adjusted_f1(LONG, LONG)
    assert one.random_f1 == other.random_f1
    assert point_adjusted_f1(LONG, LONG, seed=1).random_f1 != one.random_f1


def test_fewer_than_one_draw_is_refused():
    with pytest.raises(ConfigError, match="at least one draw"):
        point_adjusted_f1([0.1, 0.2], [0, 1], draws=0)
