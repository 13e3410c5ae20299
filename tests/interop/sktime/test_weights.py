"""Pretrained weights are used, are never changed, and are never lost."""

from __future__ import annotations

import copy
import io
import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn.base
import torch
from sktime.base import load
from sktime.forecasting.compose import TransformedTargetForecaster
from sktime.forecasting.model_selection import ForecastingGridSearchCV
from sktime.split import SingleWindowSplitter

from tjepa_estimators.interop.sktime import JEPADetector, JEPAEmbedder, JEPAForecaster

FH = [1, 2, 3]

pytestmark = pytest.mark.filterwarnings(
    "ignore:The default of config:FutureWarning"  # sktime's own composites warn of sktime 1.3 when made
)


@pytest.fixture(params=["parameter", "pretrain"])
def forecaster(request, tiny_pretrained, tiny, panel):
    """A forecaster that got its encoder as a parameter, or by sktime's own ``pretrain``."""
    if request.param == "parameter":
        return JEPAForecaster(pretrained=tiny_pretrained, blocks="both", horizon=3)
    return JEPAForecaster(**tiny, blocks="both", horizon=3).pretrain(panel)


def fingerprint(forecaster):
    return (getattr(forecaster, "pretrained_", None) or forecaster.pretrained).fingerprint


def joblib_round_trip(forecaster):
    file = io.BytesIO()
    joblib.dump(forecaster, file)
    file.seek(0)
    return joblib.load(file)


def fitted_by_grid_search(forecaster, y):
    search = ForecastingGridSearchCV(
        forecaster, SingleWindowSplitter(fh=FH), {"max_rows": [1000, 2000]}, backend="None", error_score="raise"
    )
    return search.fit(y, fh=FH).best_forecaster_


def fitted_in_a_pipeline(forecaster, y):
    return TransformedTargetForecaster([("forecaster", forecaster)]).fit(y, fh=FH).forecaster_


ROUTES = {
    "refit": lambda f, y: f.fit(2 * y[::-1].set_axis(y.index), fh=[1]).fit(y, fh=FH),
    "clone": lambda f, y: f.clone().fit(y, fh=FH),
    "clone of a fitted one": lambda f, y: f.fit(y + 1, fh=FH).clone().fit(y, fh=FH),
    "sklearn clone": lambda f, y: sklearn.base.clone(f).fit(y, fh=FH),
    "set_params": lambda f, y: f.set_params(max_rows=1000).fit(y, fh=FH),
    "set_params of a fitted one": lambda f, y: f.fit(y + 1, fh=FH).set_params(max_rows=1000).fit(y, fh=FH),
    "grid search": fitted_by_grid_search,
    "pipeline": fitted_in_a_pipeline,
    "pickle": lambda f, y: pickle.loads(pickle.dumps(f)).fit(y, fh=FH),  # noqa: S301 - our own bytes
    "deepcopy": lambda f, y: copy.deepcopy(f).fit(y, fh=FH),
    "joblib": lambda f, y: joblib_round_trip(f).fit(y, fh=FH),
    "save": lambda f, y: load(f.fit(y + 1, fh=FH).save()).fit(y, fh=FH),
    "update": lambda f, y: f.fit(y[:-5], fh=FH).update(y[-5:]),
}


@pytest.mark.parametrize("route", ROUTES)
def test_the_weights_survive(forecaster, days, route):
    before = fingerprint(forecaster)
    expected = forecaster.clone().fit(days, fh=FH).predict()
    fitted = ROUTES[route](forecaster, days)
    assert fitted.pretrained_.fingerprint == before
    np.testing.assert_allclose(np.ravel(fitted.predict()), expected, rtol=1e-6)


def test_fit_predict_keeps_what_pretrain_learned_and_nothing_else(forecaster, days, tiny):
    before = fingerprint(forecaster)
    forecaster.fit_predict(days, fh=FH)
    forecaster.fit_predict(days, fh=FH)
    assert forecaster.pretrained_.fingerprint == before
    fresh = JEPAForecaster(**tiny)
    fresh.fit_predict(days, fh=FH)
    first = fresh.pretrained_.fingerprint
    fresh.fit_predict(days.cumsum(), fh=FH)
    assert fresh.pretrained_.fingerprint != first


def test_the_weights_matter(days, tiny_pretrained, other_pretrained):
    forecasts = [
        JEPAForecaster(pretrained=encoder, blocks="both").fit(days, fh=FH).predict()
        for encoder in (tiny_pretrained, other_pretrained)
    ]
    assert not np.allclose(*forecasts)


@pytest.mark.parametrize("strategy", ["frozen", "finetune", "online"])
def test_fitting_never_changes_the_artifact(days, tiny_pretrained, strategy):
    before = {name: tensor.clone() for name, tensor in tiny_pretrained.module.state_dict().items()}
    settings = {"strategy": strategy, "train": {"steps": 3, "batch_size": 8}}
    forecaster = JEPAForecaster(pretrained=tiny_pretrained, **settings).fit(days, fh=FH)
    assert forecaster.pretrained_ is tiny_pretrained
    for state in (tiny_pretrained.module.state_dict(), tiny_pretrained.build().state_dict()):
        assert all(torch.equal(state[name], tensor) for name, tensor in before.items())


@pytest.mark.parametrize("params", [{"train": {"steps": 5}}, {"random_state": 7}, {"strategy": "finetune"}])
def test_setting_how_to_train_keeps_what_pretrain_learned(panel, tiny, params):
    forecaster = JEPAForecaster(**tiny).pretrain(panel)
    before = forecaster.pretrained_
    assert forecaster.set_params(**params).pretrained_ is before
    assert forecaster.state == "pretrained"


@pytest.mark.parametrize("name", ["encoder_config", "config", "pretrained"])
def test_setting_another_architecture_drops_what_pretrain_learned(panel, tiny, tiny_pretrained, name):
    forecaster = JEPAForecaster(**tiny).pretrain(panel)
    value = {"encoder_config": {"depth": 2}, "config": "tiny", "pretrained": tiny_pretrained}[name]
    forecaster.set_params(**{name: value})
    assert forecaster.state == "new"
    assert not hasattr(forecaster, "pretrained_")


def test_pretraining_again_goes_on_from_the_weights(panel, tiny, days):
    forecaster = JEPAForecaster(**tiny).pretrain(panel)
    first = forecaster.pretrained_
    assert forecaster.pretrain(panel).pretrained_.fingerprint != first.fingerprint
    fitted = JEPAForecaster(**tiny).fit(days, fh=FH)
    fitted.pretrain(panel)
    learned = fitted.pretrained_.fingerprint
    assert fitted.clone().fit(days, fh=FH).pretrained_.fingerprint == learned


def test_pretraining_goes_on_from_the_parameter(panel, tiny, tiny_pretrained):
    forecaster = JEPAForecaster(**tiny | {"pretrained": tiny_pretrained}).pretrain(panel)
    assert forecaster.pretrained_.info.jepa == tiny_pretrained.info.jepa
    assert forecaster.pretrained_.fingerprint != tiny_pretrained.fingerprint


def test_a_folder_is_as_good_as_an_encoder(days, tiny_pretrained, tmp_path):
    tiny_pretrained.save(tmp_path)
    forecaster = JEPAForecaster(pretrained=str(tmp_path)).fit(days, fh=FH)
    assert forecaster.clone().fit(days, fh=FH).pretrained_.fingerprint == tiny_pretrained.fingerprint


@pytest.mark.parametrize("again", [copy.deepcopy, joblib_round_trip, lambda f: load(f.save())])
def test_a_fitted_forecaster_is_the_same_after_a_round_trip(panel, tiny_pretrained, again):
    forecaster = JEPAForecaster(pretrained=tiny_pretrained, blocks="both").fit(panel, fh=FH)
    restored = again(forecaster)
    pd.testing.assert_frame_equal(restored.predict(), forecaster.predict(), check_exact=True)
    pd.testing.assert_frame_equal(restored.predict_interval(), forecaster.predict_interval(), check_exact=True)


@pytest.mark.parametrize("kind", [JEPAForecaster, JEPADetector, JEPAEmbedder])
@pytest.mark.parametrize("cloned", [lambda e: e.clone(), sklearn.base.clone], ids=["clone", "sklearn"])
def test_every_estimator_keeps_and_shares_its_parameter(kind, cloned, tiny_pretrained, days):
    estimator = cloned(kind(pretrained=tiny_pretrained))
    assert estimator.fit(days).pretrained_ is tiny_pretrained
