"""The classifier that predicts anomalies: scikit-learn's own checks, a planted precursor, both forms, bad input."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.utils.estimator_checks import parametrize_with_checks

from tjepa_estimators import JEPAAnomalyPredictor, next_window_rows, pretrain
from tjepa_estimators.errors import DataError
from tjepa_estimators.interop.sklearn.time_blocks import best_f1_threshold, later_part, logistic_regression

WINDOW, EVERY = 24, 96
CONFIG = {"context_length": 24, "future_length": 24, "patch_length": 4, "dim": 8, "predictor_dim": 8}


@parametrize_with_checks([JEPAAnomalyPredictor()])
def test_predictor_keeps_the_contract_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def series():
    """A wave that trembles in the window before each break; one channel of noise beside it."""
    random, steps = np.random.default_rng(0), 80 * EVERY
    values, labels = np.sin(np.arange(steps) / 2), np.zeros(steps)
    for start in range(EVERY, steps, EVERY):
        values[start - WINDOW : start] += 0.7 * random.standard_normal(WINDOW)
        values[start : start + 6], labels[start : start + 6] = 0.0, 1
    return np.stack([values, random.standard_normal(steps)], axis=1), labels


@pytest.fixture(scope="module")
def rows(series):
    return next_window_rows(*series, window=WINDOW)


@pytest.fixture(scope="module")
def encoder(series):
    return pretrain(series[0][:2000], config=CONFIG, train={"steps": 20})


@pytest.fixture(scope="module")
def fitted(encoder, rows):
    return JEPAAnomalyPredictor(n_channels=2, pretrained=encoder).fit(rows.X[:200], rows.y[:200])


def test_a_planted_precursor_is_found_in_later_windows(fitted, rows):
    assert roc_auc_score(rows.y[200:], fitted.predict_proba(rows.X[200:])[:, 1]) > 0.95
    assert fitted.score(rows.X[200:], rows.y[200:]) > 0.9


def test_a_planted_precursor_is_novel(encoder, rows):
    calm = rows.X[:150][rows.y[:150] == 0]
    predictor = JEPAAnomalyPredictor(n_channels=2, pretrained=encoder, parts=("novelty",))
    predictor.fit(rows.X[150:250], rows.y[150:250], unlabelled=calm)
    assert roc_auc_score(rows.y[250:], predictor.predict_proba(rows.X[250:])[:, 1]) > 0.9


def test_novelty_among_the_labelled_windows_themselves_is_refused(encoder, rows):
    with pytest.raises(DataError, match="unlabelled"):
        JEPAAnomalyPredictor(n_channels=2, pretrained=encoder, parts=["novelty"]).fit(rows.X[:100], rows.y[:100])


def test_labels_without_a_precursor_are_not_learnt(encoder, rows):
    y = np.random.default_rng(3).integers(0, 2, len(rows.y))
    blind = JEPAAnomalyPredictor(n_channels=2, pretrained=encoder).fit(rows.X[:200], y[:200])
    assert 0.3 < roc_auc_score(y[200:], blind.predict_proba(rows.X[200:])[:, 1]) < 0.7


def test_without_labels_the_precursor_has_the_higher_energy(encoder, rows):
    quiet = rows.X[:200][rows.y[:200] == 0]
    predictor = JEPAAnomalyPredictor(n_channels=2, pretrained=encoder, contamination=0.1).fit(quiet)
    later, y = rows.X[200:], rows.y[200:]
    assert roc_auc_score(y, predictor.energy(later)) > 0.65
    assert predictor.predict(quiet).mean() == pytest.approx(0.1, abs=0.01)
    assert predictor.classes_.tolist() == [0, 1]
    probability = predictor.predict_proba(later)
    np.testing.assert_allclose(probability.sum(axis=1), 1.0)
    assert (np.diff(probability[np.argsort(predictor.energy(later)), 1]) >= 0.0).all()


def test_the_decision_is_positive_where_the_anomaly_is_predicted(fitted, encoder, rows):
    unsupervised = JEPAAnomalyPredictor(n_channels=2, pretrained=encoder).fit(rows.X)
    for predictor in (fitted, unsupervised):
        np.testing.assert_array_equal(predictor.predict(rows.X), predictor.decision_function(rows.X) > 0)
    np.testing.assert_array_equal(fitted.predict(rows.X), fitted.predict_proba(rows.X)[:, 1] > fitted.threshold_)


class Remembers(ClassifierMixin, BaseEstimator):
    """Writes down which rows each fit was given."""

    seen: list = []  # noqa: RUF012 - clones share it

    def fit(self, X, y):
        self.seen.append(len(y))
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return np.full((len(X), 2), 0.5)


def test_the_threshold_is_chosen_on_later_rows_by_a_classifier_that_has_not_seen_them(encoder, rows):
    Remembers.seen.clear()
    JEPAAnomalyPredictor(n_channels=2, pretrained=encoder, classifier=Remembers()).fit(rows.X[:80], rows.y[:80])
    assert Remembers.seen == [60, 80]


def test_unlabelled_windows_say_what_is_usual(encoder, rows):
    labelled, labels = rows.X[:60] + 9.0, rows.y[:60]
    predictor = JEPAAnomalyPredictor(n_channels=2, pretrained=encoder)
    with_past = predictor.fit(labelled, labels, unlabelled=rows.X).features_(rows.X.reshape(-1, WINDOW, 2))
    alone = predictor.fit(labelled, labels).features_(rows.X.reshape(-1, WINDOW, 2))
    assert abs(with_past[:, 0].mean()) < 0.5 < abs(alone[:, 0].mean())


def test_a_copy_and_a_clone_give_the_same_numbers(fitted, encoder, rows):
    twin = pickle.loads(pickle.dumps(fitted))  # noqa: S301 - of our own
    again = clone(fitted).fit(rows.X[:200], rows.y[:200])
    assert again.pretrained_ is encoder
    for other in (twin, again):
        np.testing.assert_array_equal(other.predict_proba(rows.X), fitted.predict_proba(rows.X))


def test_any_classifier_and_any_labels_may_be_used(encoder, rows):
    names = np.where(rows.y, "late", "calm")
    forest = RandomForestClassifier(20, random_state=0)
    predictor = JEPAAnomalyPredictor(n_channels=2, pretrained=encoder, classifier=forest)
    assert predictor.fit(rows.X[:200], names[:200]).score(rows.X[200:], names[200:]) > 0.9
    assert predictor.classes_.tolist() == ["calm", "late"]
    assert not hasattr(forest, "estimators_")


def test_grid_search_reaches_the_classifier(encoder, rows):
    search = GridSearchCV(
        JEPAAnomalyPredictor(n_channels=2, pretrained=encoder, classifier=RandomForestClassifier(5, random_state=0)),
        {"resolutions": [(1,), (1, 4)], "classifier__max_depth": [2]},
        cv=TimeSeriesSplit(2),
        error_score="raise",
    ).fit(rows.X[:120], rows.y[:120])
    assert search.best_estimator_.pretrained_ is encoder


def test_missing_values_are_allowed(fitted, encoder, rows):
    holes = rows.X.copy()
    holes[3], holes[:, 7] = np.nan, np.nan
    assert np.isfinite(fitted.predict_proba(holes)).all()
    assert np.isfinite(fitted.set_params().energy(holes)).all()
    refitted = JEPAAnomalyPredictor(n_channels=2, pretrained=encoder).fit(holes, rows.y)
    assert np.isfinite(refitted.predict_proba(holes)).all()


def test_one_class_or_three_are_refused(encoder, rows):
    predictor = JEPAAnomalyPredictor(n_channels=2, pretrained=encoder)
    with pytest.raises(DataError, match="only one class"):
        predictor.fit(rows.X, np.zeros(len(rows.X)))
    with pytest.raises(DataError, match="Only binary classification is supported"):
        predictor.fit(rows.X, np.arange(len(rows.X)) % 3)


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"n_channels": 5}, "n_channels=5 does not divide"),
        ({"contamination": 0.7}, "contamination"),
        ({"classifier": "forest"}, "classifier"),
        ({"channels": "all"}, "channels"),
        ({"resolutions": (0,)}, "resolutions"),
    ],
)
def test_impossible_settings_are_refused(params, told, encoder, rows):
    with pytest.raises(ValueError, match=told):
        JEPAAnomalyPredictor(pretrained=encoder).set_params(**params).fit(rows.X, rows.y)


def test_windows_of_another_length_are_refused(fitted, encoder, rows):
    with pytest.raises(ValueError, match="features"):
        fitted.predict(rows.X[:, :-2])
    with pytest.raises(ValueError, match="features"):
        JEPAAnomalyPredictor(n_channels=2, pretrained=encoder).fit(rows.X, rows.y, unlabelled=rows.X[:, :-2])


def test_the_best_threshold_splits_what_can_be_split():
    labels = np.array([0, 1, 0, 1])
    scores = np.array([-3.0, 2.0, -1.0, 8.0])
    assert ((scores > best_f1_threshold(scores, labels)) == labels).all()
    assert best_f1_threshold(np.ones(4), labels) < 1.0


def test_no_part_for_the_threshold_is_held_out_that_lacks_a_class():
    assert later_part(np.array([0, 1, 0, 1, 0, 0, 0, 1])) == 6
    assert later_part(np.array([0, 1, 0, 1, 0, 0, 0, 0])) is None


def test_blocks_without_both_classes_do_not_choose_the_strength():
    late = np.repeat([0, 1], [18, 2])
    assert not hasattr(logistic_regression(late), "cv")
    spread = np.tile([0, 1], 10)
    assert all(len(np.unique(spread[held])) == 2 for _, held in logistic_regression(spread).cv)
