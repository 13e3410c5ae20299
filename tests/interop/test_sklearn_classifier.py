"""The classifier: scikit-learn's own checks, series and other items, both strategies, bad input."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV
from sklearn.utils.estimator_checks import parametrize_with_checks

from tests import grids
from tjepa_estimators import JEPAClassifier, pretrain
from tjepa_estimators.errors import DataError
from tjepa_estimators.tasks.classification import ClassificationTask
from tjepa_estimators.training.run import untrained

CONFIG = {"context_length": 18, "future_length": 6, "patch_length": 3, "dim": 8, "predictor_dim": 8}
STEPS = 24


@parametrize_with_checks([JEPAClassifier(config=CONFIG, train={"steps": 1})])
def test_classifier_keeps_the_contract_of_scikit_learn(estimator, check):
    check(estimator)


def waves(rows, seed):
    """Slow, fast and broken waves, of one level and spread."""
    random = np.random.default_rng(seed)
    kinds = random.integers(0, 3, rows)
    phase = random.uniform(0, 6, (rows, 1))
    values = np.sin(phase + np.arange(STEPS) * np.array([0.5, 1.1, 0.5])[kinds][:, None])
    values[kinds == 2, ::2] *= -1
    return values + 0.05 * random.standard_normal(values.shape), np.array(["slow", "fast", "broken"])[kinds]


@pytest.fixture(scope="module")
def encoder():
    return pretrain(list(waves(60, 0)[0][:, :, None]), config=CONFIG, train={"steps": 60})


def test_the_classes_of_new_windows_are_told(encoder):
    classifier = JEPAClassifier(pretrained=encoder).fit(*waves(90, 1))
    assert classifier.score(*waves(60, 2)) > 0.9
    assert classifier.classes_.tolist() == ["broken", "fast", "slow"]
    np.testing.assert_allclose(classifier.predict_proba(waves(9, 3)[0]).sum(axis=1), 1.0)


def test_shuffled_labels_are_not_learnt(encoder):
    X, y = waves(90, 1)
    blind = JEPAClassifier(pretrained=encoder).fit(X, np.random.default_rng(0).permutation(y))
    assert blind.score(*waves(200, 2)) < 0.55


def test_level_and_spread_are_told_unless_refused(encoder):
    X, _ = waves(60, 1)
    high = np.arange(60) % 2
    X = X + 3.0 * high[:, None]
    assert JEPAClassifier(pretrained=encoder).fit(X[:40], high[:40]).score(X[40:], high[40:]) == 1.0
    blind = JEPAClassifier(pretrained=encoder, levels=False).fit(X[:40], high[:40])
    assert blind.score(X[40:], high[40:]) < 0.85


def test_channels_and_missing_values_are_read(encoder):
    (X, y), (noise, _) = waves(90, 1), waves(90, 9)
    both = np.stack([noise, X], axis=2).reshape(90, -1)
    both[::7, 5:9] = np.nan
    classifier = JEPAClassifier(pretrained=encoder, n_channels=2).fit(both[:60], y[:60])
    assert classifier.score(both[60:], y[60:]) > 0.8


def test_tuning_ends_no_worse_than_the_probe_on_the_rows_that_judge(encoder):
    X, y = waves(60, 1)
    tuned = JEPAClassifier(pretrained=encoder, strategy="finetune", tuning={"steps": 40, "learning_rate": 1e-3}).fit(
        X, y
    )
    report = tuned.task_.finetune_
    assert report.best <= report.start
    assert tuned.score(*waves(60, 2)) > 0.9


def test_tuning_changes_what_it_trains_and_leaves_the_artifact(encoder):
    (X, y), before = waves(60, 1), encoder.fingerprint
    weights = untrained(list(X[:, :, None]), config=CONFIG)
    tuning = {"steps": 60, "learning_rate": 5e-3}
    tuned = JEPAClassifier(pretrained=weights, strategy="finetune", tuning=tuning, levels=False).fit(X, y)
    frozen = JEPAClassifier(pretrained=weights, levels=False).fit(X, y)
    new, names = waves(200, 2)
    assert tuned.task_.finetune_.best < tuned.task_.finetune_.start
    assert log_loss(names, tuned.predict_proba(new)) < log_loss(names, frozen.predict_proba(new))
    assert encoder.fingerprint == before
    assert tuned.pretrained_ is weights


def test_a_copy_a_clone_and_another_order_give_the_same_numbers(encoder):
    X, y = waves(60, 1)
    classifier = JEPAClassifier(pretrained=encoder).fit(X, y)
    expected = classifier.predict_proba(X)
    for other in (pickle.loads(pickle.dumps(classifier)), clone(classifier).fit(X, y)):  # noqa: S301 - of our own
        np.testing.assert_array_equal(other.predict_proba(X), expected)
    np.testing.assert_allclose(classifier.predict_proba(X[::-1]), expected[::-1], rtol=1e-9)


def test_grid_search_compares_strategies(encoder):
    search = GridSearchCV(
        JEPAClassifier(pretrained=encoder, tuning={"steps": 2}), {"strategy": ["frozen", "finetune"]}, cv=2
    ).fit(*waves(60, 1))
    assert search.best_estimator_.pretrained_ is encoder


def test_items_of_a_tokenizer_are_classified_as_they_are_or_flattened(monkeypatch):
    grids.install(monkeypatch)
    random = np.random.default_rng(0)
    y = np.arange(40) % 2
    X = random.standard_normal((40, 4, 3)) + y[:, None, None]
    as_they_are = JEPAClassifier(config="grid-tiny").fit(X, y)
    assert as_they_are.score(X, y) > 0.8
    flat = JEPAClassifier(config="grid-tiny", shape=(4, 3)).fit(X.reshape(40, -1), y)
    np.testing.assert_array_equal(flat.predict_proba(X.reshape(40, -1)), as_they_are.predict_proba(X))
    tuned = JEPAClassifier(pretrained=as_they_are.pretrained_, strategy="finetune", tuning={"steps": 3}).fit(X, y)
    assert tuned.score(X, y) > 0.8


def test_what_cannot_be_classified_is_refused(encoder):
    X, y = waves(20, 1)
    with pytest.raises(DataError, match="only one class"):
        JEPAClassifier(pretrained=encoder).fit(X, np.zeros(20))
    with pytest.raises(DataError, match=r"keeps 20% of the 4 rows(.|\n)*use strategy='frozen'"):
        JEPAClassifier(pretrained=encoder, strategy="finetune").fit(X[:4], [0, 1, 0, 1])
    with pytest.raises(DataError, match="does not divide"):
        JEPAClassifier(pretrained=encoder, n_channels=5).fit(X, y)
    with pytest.raises(DataError, match="Got 20 rows and 19 labels of 3 classes"):
        ClassificationTask(encoder).fit(X[:, :, None], np.arange(19) % 3)
