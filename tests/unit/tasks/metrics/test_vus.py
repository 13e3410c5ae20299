"""Volumes under the surface forgive alarms near events, and agree with their definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tjepa_estimators.errors import ConfigError, DataError
from tjepa_estimators.tasks.metrics import auc_pr, auc_roc, volume_under_surface
from tjepa_estimators.tasks.metrics.runs import find_runs


@st.composite
def scored(draw):
    steps = draw(st.integers(2, 25))
    labels = draw(st.lists(st.booleans(), min_size=steps, max_size=steps).filter(lambda x: any(x) and not all(x)))
    scores = draw(st.lists(st.integers(0, 9), min_size=steps, max_size=steps))
    return np.array(scores, dtype=float), np.array(labels)


def slow_label(labels, length):
    """Slopes beside every event, added up to at most 1."""
    extended = labels.astype(float)
    for start, stop in zip(*find_runs(labels), strict=True):
        for distance in range(1, length // 2 + 1):
            for step in (start - distance, stop - 1 + distance):
                if 0 <= step < len(labels):
                    extended[step] += np.sqrt(1 - distance / length)
    return np.minimum(extended, 1.0)


def slow_ranges(labels, half):
    """Events with their buffers, joined where they overlap."""
    ranges = []
    for start, stop in zip(*find_runs(labels), strict=True):
        if ranges and start - half < ranges[-1][1]:
            ranges[-1][1] = stop + half
        else:
            ranges.append([start - half, stop + half])
    return [slice(max(start, 0), stop) for start, stop in ranges]


def slow_areas(scores, labels, length, thresholds):
    """Areas for one buffer, threshold by threshold."""
    extended, ranges = slow_label(labels, length), slow_ranges(labels, length // 2)
    recall, fallout, precision = [0.0], [0.0], [1.0]
    for rank in np.linspace(0, len(scores) - 1, thresholds).astype(int):
        alarms = scores >= np.sort(scores)[::-1][rank]
        true = (extended * alarms).sum()
        positives = labels.sum() + (extended * alarms)[~labels].sum() / 2
        found = np.mean([alarms[one].any() for one in ranges])
        recall.append(min(true / positives, 1.0) * found)
        fallout.append((alarms.sum() - true) / (len(labels) - positives))
        precision.append(true / alarms.sum())
    pr = sum((recall[k] - recall[k - 1]) * precision[k] for k in range(1, len(recall)))
    recall, fallout = [*recall, 1.0], [*fallout, 1.0]
    roc = sum((fallout[k] - fallout[k - 1]) * (recall[k] + recall[k - 1]) / 2 for k in range(1, len(recall)))
    return pr, roc


@settings(max_examples=60, deadline=None)
@given(scored(), st.integers(0, 30), st.integers(2, 12))
def test_the_volumes_are_those_of_their_definition(given_case, buffer, thresholds):
    slow = np.mean([slow_areas(*given_case, length, thresholds) for length in range(buffer + 1)], axis=0)
    found = volume_under_surface(*given_case, buffer, thresholds)
    assert (found.pr, found.roc) == pytest.approx(tuple(slow), rel=1e-12)


@pytest.mark.parametrize("start", [0, 60, 180])
def test_one_event_without_a_buffer_is_judged_by_its_steps(start):
    """With a threshold at each score, and an alarm in the event from the first threshold on."""
    labels = (np.arange(200) >= start) & (np.arange(200) < start + 20)
    scores = np.random.default_rng(0).random(200)
    scores[start] = 1.0
    found = volume_under_surface(scores, labels, 0, thresholds=200)
    assert (found.pr, found.roc) == pytest.approx((auc_pr(scores, labels), auc_roc(scores, labels)))


def test_an_alarm_beside_an_event_costs_little_volume_and_much_area():
    event = np.repeat([0, 1, 0], [60, 4, 136])
    beside = np.roll(event, 1)
    assert auc_pr(beside, event) < 0.6
    assert volume_under_surface(beside, event, 40).pr > 0.85


def test_the_volume_falls_as_the_alarm_moves_away_and_the_area_does_not_notice():
    event = np.repeat([0, 1, 0], [60, 4, 136])
    moved = [np.roll(event, steps) for steps in range(0, 25, 4)]
    volumes = [volume_under_surface(alarm, event, 40).pr for alarm in moved]
    assert (np.diff(volumes) < 0).all()
    assert np.ptp([auc_pr(alarm, event) for alarm in moved[1:]]) == pytest.approx(0.0)


def test_constant_scores_get_the_share_of_extended_labels():
    labels = np.repeat([False, True, False], [60, 4, 136])
    share = np.mean([slow_label(labels, length).mean() for length in range(41)])
    assert volume_under_surface(np.zeros(200), labels, 40).pr == pytest.approx(share)
    assert volume_under_surface(np.zeros(200), labels, 0).roc == pytest.approx(0.5)


def test_random_scores_get_about_the_share_of_extended_labels():
    labels = np.tile(np.repeat([False, True, False], [60, 20, 120]), 50)
    scores = np.random.default_rng(0).random(len(labels))
    share = np.mean([slow_label(labels, length).mean() for length in range(21)])
    assert volume_under_surface(scores, labels, 20).pr == pytest.approx(share, rel=0.1)


def test_finding_all_events_a_little_is_better_than_one_of_them_well():
    events = np.repeat([0, 1, 0, 1, 0], [30, 10, 40, 10, 30])
    one = np.repeat([0, 1, 0], [30, 10, 80])
    both = np.repeat([0, 1, 0, 1, 0], [30, 5, 45, 5, 35])
    assert volume_under_surface(both, events, 10).pr > volume_under_surface(one, events, 10).pr
    assert auc_pr(both, events) == pytest.approx(auc_pr(one, events))


def test_a_buffer_longer_than_the_series_is_allowed():
    found = volume_under_surface([0.1, 0.9, 0.2], [0, 1, 0], 500)
    assert 0.0 <= found.pr <= 1.0
    assert 0.0 <= found.roc <= 1.0


@pytest.mark.parametrize("settings_", [{"buffer": -1}, {"thresholds": 1}], ids=str)
def test_impossible_settings_are_refused(settings_):
    with pytest.raises(ConfigError, match=r"at least 0 steps and 2 thresholds"):
        volume_under_surface([0.1, 0.9, 0.2], [0, 1, 0], **settings_)


def test_labels_without_a_normal_step_are_refused():
    with pytest.raises(DataError, match="Every step is labelled 1"):
        volume_under_surface([0.1, 0.2], [1, 1])
