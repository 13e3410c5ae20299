"""What holds for every metric: its range, its limits, its symmetries, and what it refuses."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from tjepa_estimators.errors import DataError
from tjepa_estimators.tasks.metrics import (
    affiliation_precision_recall,
    auc_pr,
    auc_roc,
    best_f1,
    event_recall,
    point_adjusted_f1,
    range_precision_recall,
    rank_thresholds,
    report_events,
    volume_under_surface,
)

METRICS = {
    "auc_pr": auc_pr,
    "auc_roc": auc_roc,
    "vus_pr": lambda scores, labels: volume_under_surface(scores, labels, 20).pr,
    "vus_roc": lambda scores, labels: volume_under_surface(scores, labels, 20).roc,
    "range_f1": lambda *given: best_f1(range_precision_recall, *given, rank_thresholds).f1,
    "affiliation_f1": lambda *given: best_f1(affiliation_precision_recall, *given, rank_thresholds).f1,
    "event_recall": lambda scores, labels: event_recall(scores, labels, per=100).recall,
    "point_adjusted_f1": lambda *given: point_adjusted_f1(*given, thresholds=rank_thresholds, draws=1).f1,
}
AT_A_THRESHOLD = [range_precision_recall, affiliation_precision_recall, report_events]
EVERYTHING = [
    *METRICS.values(),
    *(partial(metric, threshold=0.5) for metric in AT_A_THRESHOLD),
]
LAYOUTS = {
    "one event": [(40, 52)],
    "many events": [(10, 12), (14, 15), (30, 60), (80, 81), (90, 99)],
    "at both ends": [(0, 7), (110, 120)],
    "a single step": [(70, 71)],
}

every_metric = pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS.keys())
every_layout = pytest.mark.parametrize("events", LAYOUTS.values(), ids=LAYOUTS.keys())
every_function = pytest.mark.parametrize("function", EVERYTHING, ids=[*METRICS, *(f.__name__ for f in AT_A_THRESHOLD)])


def labelled(events, steps=120):
    labels = np.zeros(steps, dtype=int)
    for start, stop in events:
        labels[start:stop] = 1
    return labels


def fair_scores(labels, seed=0):
    """Scores that are better than chance and not perfect."""
    return np.random.default_rng(seed).random(len(labels)) + 0.4 * labels


@every_metric
@every_layout
def test_perfect_scores_get_one(metric, events):
    labels = labelled(events)
    assert metric(labels * 2.5 - 1.0, labels) == pytest.approx(1.0)


@every_metric
@every_layout
def test_scores_that_miss_an_event_and_raise_a_false_alarm_get_less(metric, events):
    labels = labelled(events)
    scores = fair_scores(labels)
    scores[slice(*events[0])] = -1.0
    scores[20:28] = 2.0
    assert 0.0 <= metric(scores, labels) < 1.0


@every_metric
@pytest.mark.parametrize("change", [np.exp, lambda x: 3.0 * x - 7.0, lambda x: x**3], ids=["exp", "affine", "cube"])
def test_an_increasing_function_of_the_scores_changes_nothing(metric, change):
    labels = labelled(LAYOUTS["many events"])
    scores = fair_scores(labels)
    assert metric(change(scores), labels) == pytest.approx(metric(scores, labels), rel=1e-12)


@every_metric
@every_layout
def test_reversed_time_changes_nothing(metric, events):
    labels = labelled(events)
    scores = fair_scores(labels)
    assert metric(scores[::-1], labels[::-1]) == pytest.approx(metric(scores, labels), rel=1e-12)


@every_metric
def test_turning_good_scores_around_makes_them_worse(metric):
    labels = labelled(LAYOUTS["many events"])
    scores = fair_scores(labels) + labels
    assert metric(-scores, labels) < metric(scores, labels)


@every_function
def test_lists_integers_and_booleans_are_arrays_too(function):
    labels, scores = labelled([(3, 6)], 10), np.arange(10) % 4
    assert function(scores.tolist(), labels.astype(bool).tolist()) == function(scores.astype(float), labels)


@every_function
@pytest.mark.parametrize(
    ("scores", "labels", "message"),
    [
        ([0.1, np.nan, 0.3], [0, 1, 0], "step 1 is nan"),
        ([0.1, 0.2, np.inf], [0, 1, 0], "step 2 is inf"),
        ([0.1, 0.2], [0, 1, 0], "2 scores and 3 labels"),
        ([0.1, 0.2, 0.3], [0, 0, 0], "No step is labelled 1"),
        ([0.1, 0.2, 0.3], [0, 2, 1], "0 .normal. or 1"),
        ([0.1, 0.2, 0.3], [0, np.nan, 1], "0 .normal. or 1"),
        ([0.1, 0.2, 0.3], [-1, 1, 1], "0 .normal. or 1"),
        ([[0.1], [0.2], [0.3]], [0, 1, 0], r"scores .* not of shape \(3, 1\)"),
        ([0.1, 0.2, 0.3], [[0, 1, 0]], r"labels .* not of shape \(1, 3\)"),
        (0.1, 1, "one-dimensional"),
        ([], [], r"shape \(0,\)"),
        (["a", "b"], [0, 1], "scores have to be numbers"),
        ([0.1, 0.2], [0, None], "0 .normal. or 1"),
    ],
)
def test_bad_input_is_refused_with_the_reason(function, scores, labels, message):
    with pytest.raises(DataError, match=message):
        function(scores, labels)


@pytest.mark.parametrize("metric", AT_A_THRESHOLD)
def test_a_threshold_that_is_no_number_is_refused(metric):
    with pytest.raises(DataError, match="threshold is NaN"):
        metric([0.1, 0.2], [0, 1], np.nan)
