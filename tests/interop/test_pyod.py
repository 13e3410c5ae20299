"""The PyOD detector keeps the conventions of PyOD, opposite to those of scikit-learn."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import clone

from tjepa_estimators import pretrain
from tjepa_estimators.errors import NotFittedError

JEPAOD = pytest.importorskip("tjepa_estimators.interop.pyod").JEPAOD

CONFIG = {"context_length": 18, "future_length": 6, "patch_length": 3, "dim": 8, "predictor_dim": 8}
WAVE = np.sin(np.arange(400.0) / 2)[:, None]


@pytest.fixture(scope="module")
def encoder():
    return pretrain(WAVE, config=CONFIG, train={"steps": 3})


@pytest.fixture(scope="module")
def odd():
    series = WAVE.copy()
    series[320:332] = 0.0
    return series


@pytest.fixture
def detector(encoder):
    return JEPAOD(contamination=0.1, scores=("neighbours",), pretrained=encoder).fit(WAVE[:250])


def test_the_odd_time_step_gets_the_highest_score_and_label_one(detector, odd):
    assert 312 <= detector.decision_function(odd).argmax() < 340
    assert (detector.predict(odd)[322:330] == 1).all()


def test_training_scores_labels_and_threshold_agree(detector):
    np.testing.assert_array_equal(detector.decision_function(WAVE[:250]), detector.decision_scores_)
    np.testing.assert_array_equal(detector.labels_, detector.decision_scores_ > detector.threshold_)
    assert detector.labels_.sum() == 25


@pytest.mark.parametrize("method", ["linear", "unify"])
def test_probabilities_lie_between_zero_and_one(detector, odd, method):
    probability = detector.predict_proba(odd, method=method)
    assert probability.shape == (400, 2)
    assert ((probability >= 0) & (probability <= 1)).all()


def test_clones_and_pickles_keep_the_pretrained_weights(detector, encoder, odd):
    twin = clone(detector).fit(WAVE[:250])
    assert twin.pretrained_ is encoder
    again = pickle.loads(pickle.dumps(detector))  # noqa: S301 - of our own
    for other in (twin, again):
        np.testing.assert_array_equal(other.decision_function(odd), detector.decision_function(odd))


def test_scores_before_fit_are_refused():
    with pytest.raises(NotFittedError, match="call fit"):
        JEPAOD().decision_function(WAVE)
