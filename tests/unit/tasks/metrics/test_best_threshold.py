"""The best threshold is the best of those tried."""

from __future__ import annotations

import numpy as np
import pytest

from tjepa_estimators.tasks.metrics import (
    affiliation_precision_recall,
    best_f1,
    even_thresholds,
    range_precision_recall,
    rank_thresholds,
)

LABELS = np.repeat([0, 1, 0, 1, 0], [30, 5, 40, 10, 15])
SCORES = np.random.default_rng(0).random(100) + 0.3 * LABELS


@pytest.mark.parametrize("metric", [range_precision_recall, affiliation_precision_recall])
@pytest.mark.parametrize("thresholds", [even_thresholds, rank_thresholds])
def test_no_threshold_that_was_tried_is_better(metric, thresholds):
    best = best_f1(metric, SCORES, LABELS, thresholds)
    tried = [metric(SCORES, LABELS, threshold) for threshold in thresholds(SCORES)]
    assert best in tried
    assert best.f1 == max(one.f1 for one in tried)


def test_an_outlier_spoils_even_thresholds_and_not_those_by_rank():
    scores = LABELS + 1.0
    scores[:2] = 0.0, 1e6
    assert best_f1(range_precision_recall, scores, LABELS, even_thresholds).f1 < 0.3
    assert best_f1(range_precision_recall, scores, LABELS, rank_thresholds).f1 > 0.7


@pytest.mark.parametrize("thresholds", [even_thresholds, rank_thresholds])
def test_constant_scores_raise_no_alarm(thresholds):
    assert best_f1(range_precision_recall, np.ones(100), LABELS, thresholds).f1 == 0.0
