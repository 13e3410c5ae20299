"""Events are caught at a price in false alarms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.tasks.metrics import event_recall, report_events

LABELS = np.array([0, 0, 1, 1, 0, 0, 0, 1, 0, 0])


@st.composite
def scored(draw):
    steps = draw(st.integers(1, 20))
    labels = draw(st.lists(st.booleans(), min_size=steps, max_size=steps).filter(any))
    scores = draw(st.lists(st.integers(-4, 4), min_size=steps, max_size=steps))
    return np.array(scores, dtype=float), np.array(labels)


def test_a_report_counts_events_catches_and_false_alarms():
    alarms = np.array([1, 0, 0, 1, 1, 0, 1, 0, 1, 1])
    report = report_events(alarms, LABELS, 0.5)
    assert (report.events, report.caught, report.false_alarms) == (2, 1, 3)
    assert report.recall == pytest.approx(0.5)
    assert report.alarmed == pytest.approx(5 / 7)
    assert report.false_alarms_per(1000) == pytest.approx(300.0)


def test_an_alarm_that_begins_in_an_event_and_outlasts_it_is_not_false():
    assert report_events([0, 0, 0, 1, 1, 1, 0, 0, 0, 0], LABELS, 0.5).false_alarms == 0


def test_an_alarm_beside_an_event_is_false():
    assert report_events([0, 0, 0, 0, 1, 1, 1, 0, 0, 0], LABELS, 0.5).false_alarms == 1


@settings(deadline=None)
@given(scored(), st.integers(0, 4))
def test_the_threshold_is_the_lowest_before_the_budget_is_spent(case, allowed):
    scores, labels = case
    lowest = None
    for threshold in np.unique(scores)[::-1]:
        if report_events(scores, labels, threshold).false_alarms > allowed:
            break
        lowest = threshold
    found = event_recall(scores, labels, allowed, per=len(scores))
    assert found == report_events(scores, labels, float(lowest))


@settings(deadline=None)
@given(scored())
def test_a_larger_budget_never_catches_less(case):
    recalls = [event_recall(*case, allowed, per=len(case[0])).recall for allowed in range(5)]
    assert recalls == sorted(recalls)


def test_the_budget_holds_for_so_many_steps():
    generator = np.random.default_rng(0)
    labels = np.tile(np.repeat([0, 1, 0], [50, 10, 40]), 100)
    scores = generator.random(len(labels)) + 0.2 * labels
    for allowed in (0.5, 1.0, 5.0):
        found = event_recall(scores, labels, allowed, per=1000)
        assert 0.8 * allowed <= found.false_alarms_per(1000) <= allowed


def test_random_scores_catch_few_events_at_few_false_alarms():
    labels = np.tile(np.repeat([0, 1, 0], [500, 10, 490]), 20)
    assert event_recall(np.random.default_rng(0).random(len(labels)), labels).recall < 0.2


def test_constant_scores_catch_nothing():
    found = event_recall(np.full(10, 3.0), LABELS, false_alarms=10)
    assert (found.recall, found.false_alarms) == (0.0, 0)


def test_one_alarm_over_everything_does_not_pass_for_a_catch():
    """Just above the lowest score nearly all is one run that touches an event, and no false alarm is left."""
    scores = np.array([0.0, 9.0, 1.0, 1.0, 9.0, 1.0, 9.0, 1.0, 1.0, 9.0])
    assert report_events(scores, LABELS, 0.0).false_alarms == 0
    assert event_recall(scores, LABELS, false_alarms=1, per=10).recall == 0.0


def test_a_series_without_a_normal_step_has_no_false_alarm():
    found = event_recall([0.1, 0.3, 0.2], [1, 1, 1], 0)
    assert (found.recall, found.false_alarms, found.alarmed) == (1.0, 0, 0.0)


@pytest.mark.parametrize("budget", [{"false_alarms": -1}, {"per": 0}, {"false_alarms": np.nan}], ids=str)
def test_an_impossible_budget_is_refused(budget):
    with pytest.raises(ConfigError, match="false_alarms="):
        event_recall([0.1, 0.2], [0, 1], **budget)
