"""Our estimators pass, and each check fails on an estimator that breaks its law."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.preprocessing import MaxAbsScaler

import tjepa_estimators
from tjepa_estimators import JEPAFeatures
from tjepa_estimators.errors import ConfigError
from tjepa_estimators.testing import ESTIMATOR_CHECKS, ConformanceError, check_estimator, run_checks
from tjepa_estimators.testing import estimator as checks
from tjepa_estimators.testing.estimator import EstimatorMaker
from tjepa_estimators.testing.families import family_of

OURS = {
    "JEPAForecaster": {},
    "JEPADetector": {},
    "JEPAEmbedder": {},
    "JEPAModel": {
        "input_chunk_length": 24, "output_chunk_length": 3, "pl_trainer_kwargs": {"enable_progress_bar": False}
    },
    "JEPAOD": {},
    "JEPAOutlierDetector": {},
    "JEPAWindowOutlierDetector": {},
    "JEPAFeatures": {},
    "JEPAAnomalyPredictor": {},
    "JEPAClassifier": {},
}  # fmt: skip
LAWS = ESTIMATOR_CHECKS[:-1]  # the suites of the libraries run in tests/interop


def ours(name):
    try:
        kind = getattr(tjepa_estimators, name)
    except ImportError as error:
        pytest.skip(str(error))
    return EstimatorMaker(kind(**OURS[name]))


@pytest.mark.parametrize("name", OURS)
@pytest.mark.filterwarnings("ignore::FutureWarning")  # sktime's constructors announce its next release
def test_our_estimators_pass(name):
    report = run_checks(LAWS, ours(name))
    assert report.summary == f"{len(LAWS)} passed", str(report)


class Changed(JEPAFeatures):
    """Constructors of scikit-learn list their parameters, so changes are made around ``fit``."""

    def __init__(self, pretrained=None, config=None, train=None):
        super().__init__(pretrained=pretrained, config=config, train=train)


class TrainsTheGivenWeights(Changed):
    def fit(self, X, y=None):
        super().fit(X, y)
        with torch.no_grad():
            next(self.pretrained_.module.parameters()).add_(1.0)
        return self


class ForgetsTheGivenWeights(Changed):
    def fit(self, X, y=None):
        given, self.pretrained = self.pretrained, None
        super().fit(X, y)
        self.pretrained = given
        return self


class LosesTheParameter(Changed):
    def fit(self, X, y=None):
        super().fit(X, y)
        self.pretrained = None
        return self


class Counts(Changed):
    def fit(self, X, y=None):
        super().fit(X, y)
        self.calls_ = getattr(self, "calls_", 0) + 1
        return self

    def transform(self, X):
        return super().transform(X) * self.calls_


class HoldsALambda(Changed):
    def fit(self, X, y=None):
        super().fit(X, y)
        self.scale_ = lambda value: value
        return self


class HidesTheEncoder(Changed):
    def fit(self, X, y=None):
        super().fit(X, y)
        if self.pretrained is None:
            self.pretrained_ = "somewhere"
        return self


class ChangesItsParameter(TransformerMixin, BaseEstimator):
    def __init__(self, size=1):
        self.size = max(size, 2)

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X


BROKEN = [
    (checks.check_fit_never_changes_the_weights, TrainsTheGivenWeights, "changed the weights"),
    (checks.check_fit_never_changes_the_weights, ForgetsTheGivenWeights, "not the encoder that was given"),
    (checks.check_clones_keep_the_weights, LosesTheParameter, "lost the pretrained encoder"),
    (checks.check_fitting_again_gives_the_same, Counts, "second fit"),
    (checks.check_pickles_give_the_same, HoldsALambda, "(?i)pickle"),
    (checks.check_pretrains_where_no_weights_are_given, HidesTheEncoder, "pretrained_ is str"),
    (checks.check_library_suite, ChangesItsParameter, "checks of sklearn fail.*check_"),
]


@pytest.fixture
def fresh_artifact(monkeypatch):
    """An artifact that a broken estimator may spoil."""
    made = checks.tiny_artifact.__wrapped__()
    monkeypatch.setattr(checks, "tiny_artifact", lambda: made)


@pytest.mark.usefixtures("fresh_artifact")
@pytest.mark.parametrize(("check", "kind", "told"), BROKEN)
def test_a_check_fails_on_an_estimator_that_breaks_its_law(check, kind, told):
    with pytest.raises(Exception, match=told):
        check(EstimatorMaker(kind()))


def test_every_check_can_fail():
    assert {check for check, _, _ in BROKEN} == set(ESTIMATOR_CHECKS)


def test_an_estimator_that_scikit_learn_accepts_passes_its_suite():
    checks.check_library_suite(EstimatorMaker(MaxAbsScaler()))


def results(**statuses):
    """What scikit-learn's ``check_estimator`` returns, made up."""
    return lambda estimator, **_: [
        {"check_name": name, "status": status, "exception": ValueError("no") if status == "failed" else None}
        for name, status in statuses.items()
    ]


@pytest.mark.parametrize(
    ("announced", "told"),
    [
        ({}, "1 checks of sklearn fail. check_b: ValueError"),
        ({"check_b": "known", "check_a": "not true"}, r"passed or do not exist: \['check_a'\]"),
        ({"check_b": "known", "check_d": "misspelt"}, r"passed or do not exist: \['check_d'\]"),
    ],
)
def test_known_failures_of_a_suite_are_strict(announced, told, monkeypatch):
    found = results(check_a="passed", check_b="failed", check_c="skipped")
    monkeypatch.setattr("sklearn.utils.estimator_checks.check_estimator", found)
    checks.check_library_suite(EstimatorMaker(JEPAFeatures(), {"check_b": "known"}))
    with pytest.raises(AssertionError, match=told):
        checks.check_library_suite(EstimatorMaker(JEPAFeatures(), announced))


def test_all_checks_are_run_together(monkeypatch):
    monkeypatch.setattr("sklearn.utils.estimator_checks.check_estimator", results(check_a="failed"))
    with pytest.raises(ConformanceError, match="check_library_suite: 1 checks of sklearn fail"):
        check_estimator(JEPAFeatures())
    report = check_estimator(JEPAFeatures(), library_failures={"check_a": "known"})
    assert report.summary == f"{len(ESTIMATOR_CHECKS)} passed"


def test_the_suite_of_sktime_is_run(monkeypatch):
    suite = pytest.importorskip("sktime.utils.estimator_checks")
    monkeypatch.setattr(
        suite,
        "check_estimator",
        lambda estimator, **_: {"test_a[0]": "PASSED", "test_b[0]": ValueError("no"), "test_b[1]": "PASSED"},
    )
    errors = family_of(tjepa_estimators.JEPAEmbedder()).suite(tjepa_estimators.JEPAEmbedder())
    assert errors == {"test_a": "", "test_b": "ValueError('no')"}


def test_what_is_no_estimator_is_refused():
    with pytest.raises(ConfigError, match=r"ndarray is no estimator.*sktime's BaseForecaster"):
        check_estimator(np.zeros(3))
