"""The PyOD detector keeps the conventions of PyOD, opposite to those of scikit-learn, and works where PyOD's do.

The first part asks what PyOD's own tests ask of each detector. They split unordered rows; here the rows are a series.
"""

from __future__ import annotations

import io
import pickle
from importlib import import_module

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.metrics import roc_auc_score

from tjepa_estimators import pretrain
from tjepa_estimators.errors import ConfigError, NotFittedError

JEPAOD = pytest.importorskip("tjepa_estimators.interop.pyod").JEPAOD

CONFIG = {"context_length": 18, "future_length": 6, "patch_length": 3, "dim": 8, "predictor_dim": 8}
WAVE = np.sin(np.arange(400.0) / 2)[:, None]
LABELS = np.isin(np.arange(400), np.arange(320, 332)).astype(int)


@pytest.fixture(scope="module")
def encoder():
    return pretrain(WAVE, config=CONFIG, train={"steps": 3})


@pytest.fixture(scope="module")
def odd():
    series = WAVE.copy()
    series[320:332] = 0.0
    return series


@pytest.fixture(scope="module")
def make(encoder):
    def build(**changes):
        return JEPAOD(**{"contamination": 0.1, "scores": ("neighbours",), "pretrained": encoder, **changes})

    return build


@pytest.fixture(scope="module")
def detector(make):
    return make().fit(WAVE[:250])


# What PyOD asks of a detector


@pytest.mark.parametrize("contamination", [0.51, 0, -0.5, 1])
def test_an_impossible_contamination_is_refused_at_once(contamination):
    with pytest.raises(ValueError, match=r"contamination must be in \(0, 0.5\]"):
        JEPAOD(contamination=contamination)


def test_what_is_fitted_has_scores_a_threshold_and_labels(detector):
    assert detector.decision_scores_.shape == detector.labels_.shape == (250,)
    assert detector.decision_scores_.dtype == np.float64
    assert set(detector.labels_) == {0, 1}
    np.testing.assert_array_equal(detector.decision_function(WAVE[:250]), detector.decision_scores_)
    np.testing.assert_array_equal(detector.labels_, detector.decision_scores_ > detector.threshold_)
    assert 15 < detector.labels_.sum() <= 25  # of tied scores, fewer may lie above


def test_scores_are_higher_where_it_is_odd(detector, odd):
    scores = detector.decision_function(odd)
    assert scores.shape == (400,)
    assert 312 <= scores.argmax() < 340
    assert roc_auc_score(LABELS, scores) > 0.9


def test_labels_are_one_above_the_threshold(detector, odd):
    labels = detector.predict(odd)
    assert (labels[322:330] == 1).all()
    np.testing.assert_array_equal(labels, detector.decision_function(odd) > detector.threshold_)


@pytest.mark.parametrize("method", ["linear", "unify"])
def test_probabilities_are_between_zero_and_one_and_grow_with_the_score(detector, odd, method):
    probability = detector.predict_proba(odd, method=method)
    assert probability.shape == (400, 2)
    assert ((probability >= 0) & (probability <= 1)).all()
    np.testing.assert_allclose(probability.sum(axis=1), 1.0)
    by_score = probability[detector.decision_function(odd).argsort(), 1]
    assert (np.diff(by_score) >= 0).all()


def test_an_unknown_kind_of_probability_is_refused(detector, odd):
    with pytest.raises(ValueError, match="not a valid probability"):
        detector.predict_proba(odd, method="something")


@pytest.mark.parametrize("method", ["linear", "unify"])
def test_confidence_comes_beside_labels_and_probabilities(detector, odd, method):
    labels, confidence = detector.predict(odd, return_confidence=True)
    probability, again = detector.predict_proba(odd, method=method, return_confidence=True)
    np.testing.assert_array_equal(labels, detector.predict(odd))
    np.testing.assert_array_equal(probability, detector.predict_proba(odd, method=method))
    for one in (confidence, again, detector.predict_confidence(odd)):
        assert one.shape == (400,)
        assert ((one >= 0) & (one <= 1)).all()


def test_predictions_of_low_confidence_can_be_rejected(detector, odd):
    labels, rates = detector.predict_with_rejection(odd, T=32, return_stats=True, c_r=0.1)
    assert set(labels) <= {-2, 0, 1}
    assert len(rates) == 3
    kept = labels != -2
    np.testing.assert_array_equal(labels[kept], detector.predict(odd)[kept])


def test_fitting_and_predicting_at_once_gives_the_training_labels(make, detector):
    with pytest.warns(FutureWarning, match="fit_predict is deprecated"):
        labels = make().fit_predict(WAVE[:250])
    np.testing.assert_array_equal(labels, detector.labels_)


@pytest.mark.parametrize("scoring", ["roc_auc_score", "prc_n_score"])
def test_a_fit_can_be_evaluated_with_labels(make, odd, scoring):
    with pytest.warns(FutureWarning, match="fit_predict_score is deprecated"):
        assert make().fit_predict_score(odd, LABELS, scoring=scoring) > 0.3
    with pytest.warns(FutureWarning), pytest.raises(NotImplementedError):
        make().fit_predict_score(odd, LABELS, scoring="something")


def test_ranks_are_those_among_the_training_scores(detector, odd):
    ranks, scores = detector._predict_rank(odd), detector.decision_function(odd)
    assert (np.diff(ranks[scores.argsort()]) >= 0).all()
    assert ranks.min() >= 0
    assert ranks.max() <= 250
    normalized = detector._predict_rank(odd, normalized=True)
    np.testing.assert_allclose(normalized, ranks / ranks.max())


def test_parameters_can_be_read_set_and_shown(make):
    detector = make(neighbours=3)
    assert detector.get_params()["neighbours"] == 3
    assert detector.set_params(neighbours=4, contamination=0.2) is detector
    assert (detector.neighbours, detector.contamination) == (4, 0.2)
    assert "JEPAOD(" in repr(detector)
    with pytest.raises(ValueError, match="Invalid parameter nothing"):
        detector.set_params(nothing=1)


@pytest.mark.parametrize(
    "duplicate",
    [clone, lambda one: pickle.loads(pickle.dumps(one)), "joblib"],  # noqa: S301
    ids=["clone", "pickle", "joblib"],
)
def test_copies_keep_the_pretrained_weights(detector, encoder, odd, duplicate):
    if duplicate == "joblib":
        file = io.BytesIO()
        joblib.dump(detector, file)
        twin = joblib.load(file)
    else:
        twin = duplicate(detector)
    if duplicate is clone:
        assert not hasattr(twin, "decision_scores_")
        assert twin.fit(WAVE[:250]).pretrained_ is encoder
    np.testing.assert_array_equal(twin.decision_function(odd), detector.decision_function(odd))


@pytest.mark.parametrize("use", ["decision_function", "predict", "predict_proba", "predict_confidence"])
def test_use_before_fit_is_refused(use):
    with pytest.raises((NotFittedError, ValueError), match=r"not fitted"):
        getattr(JEPAOD(), use)(WAVE)


def test_labels_are_ignored_with_the_warning_of_pyod(make, detector):
    with pytest.warns(UserWarning, match="y should not be presented in unsupervised learning"):
        labelled = make().fit(WAVE[:250], LABELS[100:350])
    np.testing.assert_array_equal(labelled.decision_scores_, detector.decision_scores_)


def test_frames_and_lists_are_as_good_as_arrays(make, detector, odd):
    for container in (pd.DataFrame, np.ndarray.tolist):
        fitted = make().fit(container(WAVE[:250]))
        np.testing.assert_array_equal(fitted.decision_function(container(odd)), detector.decision_function(odd))


class _HighestTenth:
    """What PyThresh's rules look like to PyOD."""

    def fit(self, scores):
        self.thresh_ = np.quantile(scores, 0.9)
        self.labels_ = self.predict(scores)

    def predict(self, scores):
        return (scores > self.thresh_).astype(int)


def test_contamination_may_be_a_rule_of_pythresh(make, detector, odd):
    ruled = make(contamination=_HighestTenth()).fit(WAVE[:250])
    assert ruled.threshold_ == pytest.approx(detector.threshold_)
    np.testing.assert_array_equal(ruled.predict(odd), detector.predict(odd))


@pytest.mark.parametrize("wrong", ["auto", None, [0.1]])
def test_a_contamination_that_is_no_number_and_no_rule_is_refused(wrong):
    with pytest.raises(ConfigError, match="or an object of PyThresh"):
        JEPAOD(contamination=wrong)


def test_pretraining_shows_a_progress_bar_only_where_asked_for():
    quiet = JEPAOD(config=CONFIG, train={"steps": 1}).fit(WAVE[:100])
    assert quiet.task_.train == {"progress": False, "steps": 1}


def test_the_threshold_may_be_a_rate_of_alarms(make, odd):
    ruled = make(threshold={"alarms": 2, "steps": 250}).fit(WAVE[:250])
    assert ruled.threshold_ == ruled.task_.threshold_
    np.testing.assert_array_equal(ruled.labels_, ruled.decision_scores_ > ruled.threshold_)
    np.testing.assert_array_equal(ruled.predict(odd), ruled.decision_function(odd) > ruled.threshold_)


# Where PyOD's detectors go


def test_the_bridge_of_pyod_takes_it(make, odd):
    bridge = import_module("pyod.models.ts_od").TimeSeriesOD(make(), window_size=5, contamination=0.1).fit(WAVE[:250])
    scores = bridge.decision_function(odd)
    assert isinstance(bridge.detector_, JEPAOD)
    assert bridge.decision_scores_.shape == (250,)
    assert scores.shape == (400,)
    assert 305 <= scores.argmax() < 345
    assert bridge.predict(odd)[322:330].all()


@pytest.fixture
def frame(odd):
    darts = pytest.importorskip("darts")
    values = np.hstack([odd, WAVE])
    return darts.TimeSeries.from_times_and_values(
        pd.date_range("2024", periods=400, freq="h"), values, columns=["a", "b"]
    )


def scorer_of(detector, **settings):
    return pytest.importorskip("darts.ad").PyODScorer(detector, **settings)


def test_the_scorer_of_darts_gives_its_scores(make, detector, frame):
    scorer = scorer_of(make())
    scorer.fit(frame["b"][:250])
    scores = scorer.score(frame["a"])
    np.testing.assert_array_equal(scores.values()[:, 0], detector.decision_function(frame["a"].values()))
    assert scores.time_index.equals(frame.time_index)


@pytest.mark.parametrize("settings", [{"window": 4}, {"component_wise": True}, {"window": 4, "component_wise": True}])
def test_the_scorer_of_darts_takes_windows_and_components(make, frame, settings):
    scorer = scorer_of(make(), **settings)
    scorer.fit(frame[:250])
    scores = scorer.score(frame)
    assert scores.width == (2 if "component_wise" in settings else 1)
    assert 305 <= scores.values()[:, 0].argmax() + settings.get("window", 1) - 1 < 345
    assert "JEPAOD" in str(scorer)


def test_the_adapter_of_aeon_gives_its_scores(make, detector, odd):
    adapters = pytest.importorskip("aeon.anomaly_detection.series", reason="aeon is not installed")
    adapter = adapters.PyODAdapter(make(), window_size=1)
    adapter.fit(WAVE[:250], axis=0)
    np.testing.assert_allclose(adapter.predict(odd, axis=0), detector.decision_function(odd))


def test_masked_values_and_nullable_columns_are_missing_values(encoder, odd):
    hidden = np.zeros(odd.shape, dtype=bool)
    hidden[50:60] = True
    masked = np.ma.masked_array(np.where(hidden, 1e5, odd), hidden)
    nullable = pd.DataFrame(np.where(hidden, np.nan, odd), columns=["load"]).astype("Float64")
    plain = JEPAOD(pretrained=encoder).fit(np.where(hidden, np.nan, odd))
    for other in (masked, nullable):
        detector = JEPAOD(pretrained=encoder).fit(other)
        np.testing.assert_array_equal(detector.decision_scores_, plain.decision_scores_)
        np.testing.assert_array_equal(detector.decision_function(other), plain.decision_function(masked))


def test_a_small_contamination_flags_the_highest_scores_though_they_are_tied(encoder, odd):
    detector = JEPAOD(pretrained=encoder, contamination=0.001).fit(odd)
    assert detector.labels_.any()
    assert (detector.labels_ == (detector.decision_scores_ > detector.threshold_)).all()
