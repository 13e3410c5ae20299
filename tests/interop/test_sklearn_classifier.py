"""The classifier on a pretrained encoder: scikit-learn's own checks, both strategies, series and other samples."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import parametrize_with_checks

from tests import grids
from tjepa_estimators import JEPAClassifier, JEPAFeatures, pretrain
from tjepa_estimators.errors import ConfigError, DataError
from tjepa_estimators.interop.sklearn.probe import fit_probe, linear_map

CONFIG = {"context_length": 18, "future_length": 6, "patch_length": 3, "dim": 8, "predictor_dim": 8}


BRIEF = {"steps": 5}


@parametrize_with_checks([JEPAClassifier(train=BRIEF), JEPAClassifier(strategy="finetune", tuning=BRIEF, train=BRIEF)])
def test_classifier_keeps_the_contract_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def waves():
    """Waves of three periods at every phase, and which of the three each is."""
    random, y = np.random.default_rng(0), np.repeat(["a", "b", "c"], 30)
    period = np.repeat([2.0, 4.0, 8.0], 30)[:, None]
    X = np.sin(2 * np.pi * np.arange(24) / period / 1.3 + random.uniform(0, 6, size=(90, 1)))
    return X + 0.3 * random.normal(size=X.shape), y


@pytest.fixture(scope="module")
def encoder(waves):
    return pretrain(waves[0][:60].reshape(-1), config=CONFIG, train={"steps": 3})


def test_finetuning_gains_on_held_out_rows_and_leaves_the_weights_alone(waves, encoder):
    X, y = waves
    before = encoder.fingerprint
    tuned = JEPAClassifier(strategy="finetune", pretrained=encoder, tuning={"steps": 60}).fit(X[::2], y[::2])
    assert tuned.finetune_report_.best < tuned.finetune_report_.start
    assert tuned.pretrained_.fingerprint == before
    frozen = JEPAClassifier(pretrained=encoder).fit(X[::2], y[::2])
    assert not np.allclose(tuned.predict_proba(X), frozen.predict_proba(X))
    np.testing.assert_allclose(tuned.predict_proba(X).sum(axis=1), 1.0)


def test_with_few_rows_finetuning_leaves_the_probe(waves, encoder):
    X, y = waves[0][::10], waves[1][::10]
    tuned, frozen = (JEPAClassifier(strategy=name, pretrained=encoder).fit(X, y) for name in ("finetune", "frozen"))
    assert tuned.finetune_report_ is None
    np.testing.assert_array_equal(tuned.predict_proba(X), frozen.predict_proba(X))


@pytest.mark.parametrize("strategy", ["frozen", "finetune"])
def test_copies_and_seeds_give_the_same_numbers(waves, encoder, strategy):
    X, y = waves
    one = JEPAClassifier(strategy=strategy, pretrained=encoder, tuning={"steps": 5}, random_state=3).fit(X, y)
    twin = clone(one).fit(X, y)
    for other in (twin, pickle.loads(pickle.dumps(one))):  # noqa: S301 - of our own
        np.testing.assert_array_equal(other.predict_proba(X), one.predict_proba(X))


@pytest.mark.parametrize("classes", [2, 4])
def test_the_linear_map_is_the_probe(classes):
    random = np.random.default_rng(0)
    features, labels = random.normal(3.0, 2.0, size=(60, 5)), np.arange(60) % classes
    probe = fit_probe(features, labels)
    weight, bias = linear_map(probe)
    logits = features @ weight.T + bias
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(shares, probe.predict_proba(features), atol=1e-9)


def test_one_class_alone_is_refused(waves):
    with pytest.raises(DataError, match="only one class"):
        JEPAClassifier().fit(waves[0], np.zeros(90))


class TestSamplesOfATokenizer:
    @pytest.fixture(autouse=True)
    def installed(self, monkeypatch):
        grids.install(monkeypatch)
        random = np.random.default_rng(0)
        self.X = random.normal(size=(60, 4, 3))
        self.y = np.arange(60) % 2
        self.X[self.y == 1, :, 0] += 3.0

    @pytest.mark.parametrize("strategy", ["frozen", "finetune"])
    def test_samples_are_classified_as_they_are_or_flattened(self, strategy):
        given = {"config": "grid-tiny", "strategy": strategy, "tuning": {"steps": 10}}
        whole = JEPAClassifier(**given).fit(self.X[:40], self.y[:40])
        assert whole.score(self.X[40:], self.y[40:]) > 0.8
        flat = JEPAClassifier(**given, shape=(4, 3)).fit(self.X[:40].reshape(40, -1), self.y[:40])
        np.testing.assert_array_equal(flat.predict_proba(self.X.reshape(60, -1)), whole.predict_proba(self.X))

    def test_features_are_those_of_the_encoder(self):
        encoder = pretrain(self.X, config="grid-tiny")
        features = JEPAFeatures(pretrained=encoder).fit_transform(self.X)
        np.testing.assert_allclose(features, encoder.embed(self.X), atol=1e-5)
        pipeline = make_pipeline(FunctionTransformer(), JEPAFeatures(config="grid-tiny", shape=[-1, 3]))
        assert pipeline.fit_transform(self.X.reshape(60, -1)).shape == (60, 8)

    def test_a_shape_that_does_not_fit_is_refused(self):
        flat = self.X.reshape(60, -1)
        with pytest.raises(DataError, match="12 columns, which do not fill"):
            JEPAFeatures(config="grid-tiny", shape=(5, 3)).fit(flat)
        with pytest.raises(ConfigError, match="positive sizes"):
            JEPAFeatures(config="grid-tiny", shape=(-1, -1)).fit(flat)
        with pytest.raises(ConfigError, match="n_channels in its place"):
            JEPAFeatures(shape=(4, 3)).fit(flat)
        with pytest.raises(DataError, match="windows, flattened"):
            JEPAFeatures().fit(self.X)
