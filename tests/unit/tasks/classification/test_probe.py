"""The logistic regression under a classifier: its log-odds, and the features that it reads."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tjepa_estimators.tasks.classification.probe import fit_probe


@pytest.fixture
def rows():
    """Three classes told apart by the first two of forty features."""
    random = np.random.default_rng(0)
    labels = np.arange(36) % 3
    features = random.standard_normal((36, 40))
    features[:, :2] += 3.0 * np.stack([labels == 1, labels == 2], axis=1)
    return features, labels


def log_odds(probe, features):
    return (features - probe.mean) / probe.scale @ probe.weight.T + probe.bias


def test_features_that_tell_nothing_are_left_out(rows):
    features, labels = rows
    tells = np.arange(40) < 2
    probe = fit_probe(features, labels, 0, [tells, ~tells])
    assert (probe.weight[:, ~tells] == 0.0).all()
    assert (log_odds(probe, features).argmax(axis=1) == labels).mean() > 0.8


def test_of_two_classes_the_log_odds_are_those_of_the_second(rows):
    features, labels = rows[0], (rows[1] > 0).astype(int)
    probe = fit_probe(features[:4, :2], labels[:4], 0)  # too few rows to choose a strength
    scaled = (features[:4, :2] - probe.mean) / probe.scale
    model = LogisticRegression(C=0.1, max_iter=2000).fit(scaled, labels[:4])
    found = log_odds(probe, features[:4, :2])
    np.testing.assert_allclose(found[:, 1] - found[:, 0], model.decision_function(scaled))


def test_a_constant_feature_does_no_harm(rows):
    features, labels = rows
    probe = fit_probe(np.concatenate([features, np.ones((36, 1))], axis=1), labels, 0)
    assert np.isfinite(probe.weight).all()
    assert np.abs(probe.weight[:, -1]).max() < 1e-6
