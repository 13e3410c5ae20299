"""Affiliation measures agree with their definition, and with what chance gives."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tjepa_estimators.tasks.metrics import affiliation_precision_recall
from tjepa_estimators.tasks.metrics.runs import find_runs

FINE = 20
"""Instants in a step, for the definition on a grid."""


@st.composite
def alarmed(draw):
    count = draw(st.integers(2, 14))
    steps = st.lists(st.booleans(), min_size=count, max_size=count).filter(any)
    return np.array(draw(steps)), np.array(draw(steps))


def distances(instants, others):
    return np.abs(instants[:, None] - others[None, :]).min(axis=1)


def slow_affiliation(alarms, labels):
    """The definition with instants on a fine grid in the place of integrals."""
    grid = (np.arange(len(labels) * FINE) + 0.5) / FINE
    inside, raised = labels.repeat(FINE), alarms.repeat(FINE)
    start, stop = find_runs(labels)
    bounds = np.concatenate([[0.0], (stop[:-1] + start[1:]) / 2, [len(labels)]])
    precision, recall = [], []
    for low, high in pairwise(bounds):
        zone = (grid > low) & (grid < high)
        event, alarm = grid[zone & inside], grid[zone & raised]
        if not alarm.size:
            recall.append(0.0)
            continue
        chance = distances(grid[zone], event)
        precision.append(np.mean([(chance >= distance - 1e-9).mean() for distance in distances(alarm, event)]))
        nearest = distances(event, alarm)
        farther = np.abs(event[:, None] - grid[zone][None, :]) >= nearest[:, None] - 1e-9
        recall.append(farther.mean())
    return np.mean(precision), np.mean(recall)


@settings(max_examples=60, deadline=None)
@given(alarmed())
def test_the_measures_are_those_of_their_definition(case):
    alarms, labels = case
    found = affiliation_precision_recall(alarms, labels, 0.5)
    assert (found.precision, found.recall) == pytest.approx(slow_affiliation(alarms, labels), abs=2.5 / FINE)


def test_a_lone_alarm_at_random_gets_about_a_half():
    labels = np.repeat([0, 1, 0], [70, 2, 128])
    found = [affiliation_precision_recall(np.arange(200) == step, labels, 0.5) for step in range(200)]
    assert np.mean([one.precision for one in found]) == pytest.approx(0.5, abs=0.01)
    assert np.mean([one.recall for one in found]) == pytest.approx(0.5, abs=0.01)


def test_alarms_everywhere_have_all_the_recall_and_half_the_precision():
    labels = np.repeat([0, 1, 0], [70, 2, 128])
    found = affiliation_precision_recall(np.ones(200), labels, 0.5)
    assert found.recall == pytest.approx(1.0)
    assert found.precision == pytest.approx(0.5, abs=0.01)


def test_the_nearer_the_alarm_the_better():
    labels = np.repeat([0, 1, 0], [40, 10, 50])
    found = [affiliation_precision_recall(np.arange(100) == step, labels, 0.5) for step in range(50, 100)]
    assert (np.diff([one.precision for one in found]) < 0).all()
    assert (np.diff([one.recall for one in found]) < 0).all()


def test_an_alarm_counts_for_the_event_that_it_is_nearer_to():
    labels = np.repeat([0, 1, 0, 1, 0], [20, 5, 50, 5, 20])
    alarms = np.arange(100) == 30
    alone = affiliation_precision_recall(alarms[:50], labels[:50], 0.5)
    both = affiliation_precision_recall(alarms, labels, 0.5)
    assert both.precision == pytest.approx(alone.precision)
    assert both.recall == pytest.approx(alone.recall / 2)


def test_each_zone_is_judged_as_if_it_were_alone():
    """Also where an alarm begins at the border, nearer to the other event than that one's own alarm."""
    labels, alarms = np.repeat([1, 0, 1, 0], [6, 4, 3, 7]), np.isin(np.arange(20), [0, 8])
    parts = [affiliation_precision_recall(alarms[zone], labels[zone], 0.5) for zone in (slice(0, 8), slice(8, 20))]
    both = affiliation_precision_recall(alarms, labels, 0.5)
    assert both.precision == pytest.approx(np.mean([part.precision for part in parts]))
    assert both.recall == pytest.approx(np.mean([part.recall for part in parts]))


def test_without_alarms_all_is_zero():
    found = affiliation_precision_recall([0.0, 1.0], [0, 1], threshold=1.0)
    assert (found.precision, found.recall, found.f1) == (0.0, 0.0, 0.0)
