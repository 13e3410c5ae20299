"""Areas under the curves of single steps."""

from __future__ import annotations

import numpy as np
import pytest

from tjepa_estimators.errors import DataError
from tjepa_estimators.tasks.metrics import auc_pr, auc_roc

LABELS = np.repeat([0, 1, 0], [50, 10, 40])


def test_constant_scores_get_the_base_rate_and_a_half():
    assert auc_pr(np.ones(100), LABELS) == pytest.approx(0.1)
    assert auc_roc(np.ones(100), LABELS) == pytest.approx(0.5)


def test_random_scores_get_about_the_base_rate_and_a_half():
    labels = np.tile(LABELS, 100)
    scores = np.random.default_rng(0).random(len(labels))
    assert auc_pr(scores, labels) == pytest.approx(0.1, abs=0.02)
    assert auc_roc(scores, labels) == pytest.approx(0.5, abs=0.02)


def test_the_order_of_the_steps_does_not_matter():
    generator = np.random.default_rng(0)
    scores, order = generator.random(100), generator.permutation(100)
    assert auc_pr(scores[order], LABELS[order]) == pytest.approx(auc_pr(scores, LABELS))
    assert auc_roc(scores[order], LABELS[order]) == pytest.approx(auc_roc(scores, LABELS))


def test_without_a_normal_step_only_precision_is_defined():
    assert auc_pr([0.3, 0.1], [1, 1]) == pytest.approx(1.0)
    with pytest.raises(DataError, match="Every step is labelled 1"):
        auc_roc([0.3, 0.1], [1, 1])
