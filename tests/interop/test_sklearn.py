"""The scikit-learn estimators: scikit-learn's own checks, and what those miss about pretrained weights."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from tjepa_estimators import (
    JEPAFeatures,
    JEPAOutlierDetector,
    JEPAWindowOutlierDetector,
    PretrainedEncoder,
    TrainConfig,
    pretrain,
)
from tjepa_estimators.errors import ConfigError, DataError
from tjepa_estimators.tasks.thresholds import as_threshold

NEIGHBOURS_IN_TIME = "the score of a time step depends on the steps around it"
ESTIMATORS = (JEPAOutlierDetector, JEPAWindowOutlierDetector, JEPAFeatures)
DETECTORS = ESTIMATORS[:2]
STEPS = 24
CONFIG = {"context_length": 18, "future_length": 6, "patch_length": 3, "dim": 8, "predictor_dim": 8}


def _expected_failures(estimator):
    if not isinstance(estimator, JEPAOutlierDetector):
        return {}
    return dict.fromkeys(
        ("check_methods_sample_order_invariance", "check_methods_subset_invariance"), NEIGHBOURS_IN_TIME
    )


@pytest.mark.filterwarnings("ignore::tjepa_estimators.errors.ConstantDataWarning")  # some checks fit one row
@parametrize_with_checks([estimator() for estimator in ESTIMATORS], expected_failed_checks=_expected_failures)
def test_estimator_keeps_the_contract_of_scikit_learn(estimator, check):  # expected failures are strict: pyproject
    check(estimator)


@pytest.fixture(scope="module")
def waves():
    """Rows that are windows of a wave at every phase; as time steps, a wave of four channels and many."""
    phase = np.random.default_rng(0).uniform(0, 2 * np.pi, size=(60, 1))
    return np.sin(phase + np.arange(STEPS) / 2)


@pytest.fixture(scope="module")
def encoder(waves):
    return pretrain(np.tile(waves[0], 6), config=CONFIG, train={"steps": 3, "seed": 3})


def _outputs(estimator, X):
    return estimator.transform(X) if hasattr(estimator, "transform") else estimator.score_samples(X)


def _through_joblib(estimator, folder):
    joblib.dump(estimator, folder / "estimator.joblib")
    return joblib.load(folder / "estimator.joblib")


@pytest.mark.parametrize("make", ESTIMATORS)
def test_fit_uses_the_pretrained_weights_and_leaves_them_alone(make, encoder, waves):
    before = encoder.fingerprint
    estimator = make(pretrained=encoder).fit(waves).fit(waves[:30])
    assert estimator.pretrained_ is encoder
    again = PretrainedEncoder(encoder.info, encoder.module.state_dict())
    assert encoder.fingerprint == before == again.fingerprint


@pytest.mark.parametrize("make", ESTIMATORS)
def test_pretrained_may_be_a_folder(make, encoder, waves, tmp_path):
    folder = encoder.save(tmp_path / "encoder")
    by_folder, by_object = make(pretrained=folder).fit(waves), make(pretrained=encoder).fit(waves)
    assert by_folder.pretrained_.fingerprint == encoder.fingerprint
    np.testing.assert_array_equal(_outputs(by_folder, waves), _outputs(by_object, waves))


@pytest.mark.parametrize("make", ESTIMATORS)
def test_a_clone_keeps_the_pretrained_weights(make, encoder, waves):
    original = make(pretrained=encoder).fit(waves)
    twin = clone(original)
    assert not hasattr(twin, "pretrained_")
    twin.fit(waves)
    assert twin.pretrained_ is encoder
    np.testing.assert_array_equal(_outputs(twin, waves), _outputs(original, waves))


@pytest.mark.parametrize("make", ESTIMATORS)
def test_set_params_exchanges_the_weights_at_the_next_fit(make, encoder, waves):
    other = pretrain(np.tile(waves[1], 6), config=CONFIG, train={"steps": 3, "seed": 4})
    estimator = make(pretrained=encoder).fit(waves)
    before = _outputs(estimator, waves)
    estimator.set_params(pretrained=other).fit(waves)
    assert estimator.pretrained_ is other
    assert not np.allclose(before, _outputs(estimator, waves))


@pytest.mark.parametrize("copied", ["pickle", "deepcopy", "joblib"])
@pytest.mark.parametrize("make", ESTIMATORS)
def test_a_copy_gives_the_same_numbers(make, copied, encoder, waves, tmp_path):
    estimator = make(pretrained=encoder).fit(waves[:40])
    twin = {
        "pickle": lambda: pickle.loads(pickle.dumps(estimator)),  # noqa: S301 - of our own
        "deepcopy": lambda: copy.deepcopy(estimator),
        "joblib": lambda: _through_joblib(estimator, tmp_path),
    }[copied]()
    np.testing.assert_array_equal(_outputs(twin, waves), _outputs(estimator, waves))


@pytest.mark.parametrize("make", DETECTORS)
def test_grid_search_fits_every_candidate_on_the_pretrained_weights(make, encoder, waves):
    search = GridSearchCV(
        make(pretrained=encoder),
        {"neighbours": [1, 3]},
        scoring=lambda fitted, X, y=None: fitted.score_samples(X).mean(),
        cv=TimeSeriesSplit(2),
        error_score="raise",
    ).fit(waves)
    assert search.best_estimator_.pretrained_ is encoder
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@pytest.mark.parametrize("make", DETECTORS)
def test_a_pipeline_ends_in_a_detector(make, encoder, waves):
    pipeline = make_pipeline(StandardScaler(), make(pretrained=encoder)).fit(waves)
    assert set(pipeline.predict(waves)) <= {-1, 1}


def test_features_feed_a_classifier_and_carry_names(encoder, waves):
    slow, labels = waves.copy(), np.repeat([0, 1], len(waves))
    fast = np.sin(np.arange(len(waves))[:, None] + np.arange(STEPS) * 1.5)
    X = np.concatenate([slow, fast])
    pipeline = make_pipeline(JEPAFeatures(pretrained=encoder), LogisticRegression()).fit(X, labels)
    assert pipeline.score(X, labels) > 0.9
    assert pipeline[0].get_feature_names_out().tolist() == [f"jepafeatures{number}" for number in range(encoder.dim)]


def test_features_of_channels_stand_side_by_side(encoder, waves):
    pairs = np.stack([waves, waves[::-1]], axis=2).reshape(len(waves), -1)
    both = JEPAFeatures(n_channels=2, pretrained=encoder).fit_transform(pairs)
    single = JEPAFeatures(pretrained=encoder).fit(waves)
    np.testing.assert_allclose(both, np.hstack([single.transform(waves), single.transform(waves[::-1])]), atol=1e-9)


def test_features_are_those_of_the_encoder(encoder, waves):
    features = JEPAFeatures(pretrained=encoder).fit_transform(waves)
    np.testing.assert_allclose(features, encoder.embed(waves), rtol=1e-4, atol=1e-4)


def test_the_odd_time_step_gets_the_lowest_score(encoder):
    wave = np.sin(np.arange(400.0) / 2)[:, None]
    detector = JEPAOutlierDetector(pretrained=encoder, scores=("neighbours",)).fit(wave[:250])
    wave[320:332] = 0.0
    assert 312 <= detector.score_samples(wave).argmin() < 340
    assert (detector.predict(wave)[322:330] == -1).all()


def test_the_odd_window_gets_the_lowest_score(encoder, waves):
    odd = waves.copy()
    odd[7, 6:16] = np.random.default_rng(1).normal(size=10)
    detector = JEPAWindowOutlierDetector(pretrained=encoder).fit(waves[20:])
    assert detector.score_samples(odd).argmin() == 7
    assert detector.predict(odd)[7] == -1


@pytest.mark.parametrize("make", DETECTORS)
def test_the_decision_is_the_score_less_the_offset_and_outliers_are_negative(make, encoder, waves):
    detector = make(pretrained=encoder, contamination=0.2).fit(waves)
    decision = detector.decision_function(waves)
    np.testing.assert_allclose(decision, detector.score_samples(waves) - detector.offset_)
    np.testing.assert_array_equal(detector.predict(waves), np.where(decision >= 0, 1, -1))
    assert (decision < 0).sum() == 12


@pytest.fixture(scope="module")
def steps(encoder):
    """A detector of time steps, and a later stretch of what it learned from, with one odd column."""
    both = np.sin(np.arange(500.0)[:, None] / [2.0, 3.0])
    later = both[300:].copy()
    later[100:112, 1] = 0.0
    return JEPAOutlierDetector(pretrained=encoder).fit(both[:300]), later


@pytest.mark.parametrize("threshold", [{"alarms": 2, "steps": 300}, 0.1, np.max])
def test_the_threshold_may_be_a_rule(encoder, threshold):
    wave = np.sin(np.arange(300.0) / 2)[:, None]
    detector = JEPAOutlierDetector(pretrained=encoder, threshold=threshold).fit(wave)
    assert detector.offset_ == -as_threshold(threshold)(detector.task_.training_scores_)
    assert clone(detector).threshold == threshold


def test_each_row_that_is_a_window_is_an_alarm_of_its_own(encoder, waves):
    detector = JEPAWindowOutlierDetector(pretrained=encoder, threshold={"alarms": 6, "steps": 60}).fit(waves)
    assert (detector.predict(waves) == -1).sum() == 6


def test_a_rule_for_windows_is_asked_for_their_scores_only(encoder, waves):
    def rule(scores):
        assert [len(one) for one in scores] == [1] * len(waves)
        return 0.5

    assert JEPAWindowOutlierDetector(pretrained=encoder, threshold=rule).fit(waves).offset_ == -0.5


def test_an_impossible_fusion_or_threshold_is_refused(waves):
    for wrong in ({"fusion": "median"}, {"threshold": "guess"}):
        with pytest.raises(ConfigError, match=r"fusion must be|A threshold is"):
            JEPAOutlierDetector(**wrong).fit(waves)


def test_an_explanation_names_the_odd_column(steps):
    detector, later = steps
    told = detector.explain(later)
    np.testing.assert_allclose(told.scores, -detector.score_samples(later))
    assert {told.top(step)[2] for step in range(104, 108)} == {1}


def test_a_stream_gives_the_scores_of_the_rows(steps):
    detector, later = steps
    stream = detector.stream()
    scores = np.concatenate([*(stream.score_next(row) for row in later), stream.finish()])
    np.testing.assert_allclose(-scores, detector.score_samples(later), rtol=1e-9)


def test_without_looking_ahead_a_score_does_not_wait(encoder):
    wave = np.sin(np.arange(300.0) / 2)[:, None]
    detector = JEPAOutlierDetector(pretrained=encoder, lookahead=False, resolutions=(1,)).fit(wave)
    odd = wave * 0.9
    odd[200:] = 3.0
    known = 200 - detector.task_.stride_
    np.testing.assert_array_equal(detector.score_samples(odd)[:known], detector.score_samples(wave * 0.9)[:known])


@pytest.mark.parametrize("make", ESTIMATORS)
@pytest.mark.parametrize("fill", [np.nan, 0.0, 1e8])
def test_holes_and_flat_stretches_give_finite_numbers(make, fill, encoder, waves):
    X = waves.copy()
    X[3], X[10, :7], X[:, 5] = fill, fill, fill
    estimator = make(pretrained=encoder).fit(X)
    assert np.isfinite(_outputs(estimator, X)).all()
    assert np.isfinite(_outputs(estimator, np.full_like(X, fill))).all()


def test_rows_may_be_read_only_or_reversed(encoder, waves):
    waves = waves.copy()
    waves.flags.writeable = False
    features = JEPAFeatures(pretrained=encoder).fit(waves)
    np.testing.assert_allclose(features.transform(waves[::-1])[::-1], features.transform(waves), rtol=1e-9)


@pytest.mark.parametrize("make", ESTIMATORS)
@pytest.mark.filterwarnings("ignore::tjepa_estimators.errors.ConstantDataWarning")
def test_one_row_of_one_column_is_enough(make):
    assert np.isfinite(_outputs(make(train={"steps": 1}).fit([[1.0]]), [[2.0]])).all()


@pytest.mark.parametrize("make", ESTIMATORS)
def test_the_same_seed_gives_the_same_numbers(make, waves):
    def outputs(**given):
        return _outputs(make(config=CONFIG, train={"steps": 2}, **given).fit(waves[:20]), waves)

    np.testing.assert_array_equal(outputs(random_state=1), outputs(random_state=1))
    np.testing.assert_array_equal(outputs(), outputs(random_state=0))
    assert not np.allclose(outputs(random_state=1), outputs(random_state=2))


def test_settings_of_training_may_be_a_dataclass_and_a_generator_may_be_the_seed(waves):
    features = JEPAFeatures(
        config=CONFIG, train=TrainConfig(steps=2, progress=False), random_state=np.random.RandomState(0)
    ).fit(waves[:20])
    assert features.pretrained_.info.provenance.train["steps"] == 2


@pytest.mark.parametrize("make", ESTIMATORS[1:])
def test_columns_that_no_channels_fill_are_refused(make, encoder, waves):
    with pytest.raises(DataError, match="24 columns, which n_channels=5 does not divide"):
        make(n_channels=5, pretrained=encoder).fit(waves)


@pytest.mark.parametrize("wrong", [0.0, 0.6, "auto"])
@pytest.mark.parametrize("make", DETECTORS)
def test_an_impossible_contamination_is_refused(make, wrong, waves):
    with pytest.raises(ValueError, match="contamination"):
        make(contamination=wrong).fit(waves)


def test_importing_the_wrappers_does_not_import_torch():
    code = "import sys, tjepa_estimators.interop.sklearn; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("make", [JEPAFeatures, JEPAOutlierDetector])
def test_masked_values_are_missing_values(make, encoder, waves):
    hidden = waves > 0.9
    masked, plain = np.ma.masked_array(np.where(hidden, 1e5, waves), hidden), np.where(hidden, np.nan, waves)
    first, second = (make(pretrained=encoder).fit(X) for X in (plain, masked))
    np.testing.assert_array_equal(_outputs(first, plain), _outputs(second, masked))
