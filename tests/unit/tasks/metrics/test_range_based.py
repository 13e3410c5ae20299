"""Range-based measures count ranges, not steps."""

from __future__ import annotations

import numpy as np
import pytest

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.tasks.metrics import range_precision_recall
from tjepa_estimators.tasks.metrics.range_based import back, flat, front, middle, once

EVENT = np.repeat([0, 1, 0], [10, 10, 10])


def steps(*active, of=30):
    scores = np.zeros(of)
    scores[list(active)] = 1.0
    return scores


def measure(alarms, labels=EVENT, **settings):
    return range_precision_recall(alarms, labels, 0.5, **settings)


def test_with_one_event_flat_recall_is_the_covered_share():
    assert measure(steps(10, 11, 12), existence=0.0).recall == pytest.approx(0.3)


def test_existence_alone_is_the_share_of_events_found():
    labels = np.repeat([0, 1, 0, 1, 0, 1], 5)
    assert measure(steps(5, 27), labels, existence=1.0).recall == pytest.approx(2 / 3)


def test_a_long_event_counts_as_much_as_a_short_one():
    labels = np.repeat([0, 1, 0, 1, 0], [5, 18, 5, 1, 1])
    only_long, only_short = np.where(np.arange(30) < 25, labels, 0), np.where(np.arange(30) < 25, 0, labels)
    assert measure(only_long, labels).recall == measure(only_short, labels).recall == pytest.approx(0.5)


def test_an_event_covered_in_pieces_is_worth_less_unless_pieces_are_to_count_once():
    whole, pieces = steps(10, 11, 12, 13), steps(10, 11, 14, 15)
    assert measure(pieces, existence=0.0).recall == pytest.approx(measure(whole, existence=0.0).recall / 2)
    assert measure(pieces, cardinality=once).recall == pytest.approx(measure(whole, cardinality=once).recall)


def test_precision_is_the_mean_over_runs_of_alarms():
    alarms = steps(10, 11, 12, 13, 25, 9)  # one run, of which four fifths lie in the event, and one outside
    assert measure(alarms).precision == pytest.approx((0.8 + 0.0) / 2)


@pytest.mark.parametrize(("bias", "best"), [(front, 10), (back, 19), (middle, 14)])
def test_a_bias_prefers_its_part_of_the_event(bias, best):
    recalls = [measure(steps(step), recall_bias=bias).recall for step in range(10, 20)]
    assert 10 + int(np.argmax(recalls)) == best
    assert np.ptp([measure(steps(step), recall_bias=flat).recall for step in range(10, 20)]) == pytest.approx(0.0)


def test_front_and_back_are_mirror_images():
    alarms = steps(9, 10, 11, 17)
    forward = measure(alarms, recall_bias=front, precision_bias=back)
    backward = measure(alarms[::-1], EVENT[::-1], recall_bias=back, precision_bias=front)
    assert (forward.precision, forward.recall) == pytest.approx((backward.precision, backward.recall))


@pytest.mark.parametrize("length", [9, 10])
def test_the_middle_weighs_the_same_from_both_ends(length):
    position = np.arange(1, length + 1)
    weights = middle(position, np.full(length, length))
    assert weights.tolist() == weights[::-1].tolist()
    assert weights.argmax() == (length - 1) // 2


def test_without_alarms_all_is_zero():
    found = range_precision_recall(steps(3), EVENT, threshold=2.0)
    assert (found.precision, found.recall, found.f1) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("existence", [-0.1, 1.1, np.nan])
def test_a_share_outside_zero_and_one_is_refused(existence):
    with pytest.raises(ConfigError, match="between 0 and 1"):
        measure(steps(10), existence=existence)
