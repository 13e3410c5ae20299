"""What happens to the encoder and to the weights: frozen, trained, saved, copied."""

from __future__ import annotations

import copy
import io
import pickle
import runpy
import shutil

import joblib
import numpy as np
import pytest
import torch

pytest.importorskip("darts")

from darts import TimeSeries
from darts.utils.likelihood_models.torch import GaussianLikelihood, QuantileRegression

from tjepa_estimators import JEPAModel
from tjepa_estimators.errors import NotFittedError
from tjepa_estimators.interop.darts import _compat

HORIZON = 6
STEPS = np.arange(160)[:, None]
SERIES = TimeSeries.from_values(np.sin(STEPS / 3.0) + 0.1 * np.random.default_rng(0).standard_normal((160, 1)))


@pytest.fixture
def make(tiny_pretrained, tiny_jepa, tiny_encoder):
    def build(**changes):
        settings = {
            "input_chunk_length": 24,
            "output_chunk_length": HORIZON,
            "pretrained": tiny_pretrained,
            "encoder_config": tiny_encoder,
            "config": tiny_jepa,
            "train": {"steps": 2},
            "blocks": "both",
            "random_state": 0,
            "n_epochs": 1,
            "pl_trainer_kwargs": {"enable_progress_bar": False},
        }
        return JEPAModel(**{**settings, **changes})

    return build


def weights_of(model):
    return model.model.network.backbone.state_dict()


def teacher_of(pretrained):
    return pretrained.module.teacher.module.state_dict()


def equal(one, two):
    return all(torch.equal(one[name], two[name]) for name in two)


def forecast(model):
    return model.predict(HORIZON, series=SERIES).values()


@pytest.mark.parametrize("likelihood", [None, GaussianLikelihood()], ids=["closed form", "gradient"])
def test_a_frozen_encoder_stays_as_it_is(make, tiny_pretrained, likelihood):
    model = make(likelihood=likelihood).fit(SERIES)
    assert equal(weights_of(model), teacher_of(tiny_pretrained))


def test_a_frozen_encoder_is_in_evaluation_mode_and_out_of_the_optimiser(make):
    network = make(likelihood=GaussianLikelihood()).fit(SERIES).model.train()
    assert not network.network.backbone.training
    assert network.network.training
    trained = {id(weight) for group in network.configure_optimizers().param_groups for weight in group["params"]}
    assert trained.isdisjoint(id(weight) for weight in network.network.backbone.parameters())
    assert id(network.network.head.weight) in trained


@pytest.mark.parametrize("strategy", ["finetune", "online"])
@pytest.mark.parametrize("likelihood", [None, GaussianLikelihood()], ids=["closed form", "gradient"])
def test_other_strategies_train_the_encoder_but_not_the_artifact(make, tiny_pretrained, strategy, likelihood):
    before = copy.deepcopy(teacher_of(tiny_pretrained)), tiny_pretrained.fingerprint
    model = make(strategy=strategy, likelihood=likelihood).fit(SERIES)
    assert not equal(weights_of(model), before[0])
    assert equal(teacher_of(tiny_pretrained), before[0])
    assert model.pretrained_ is tiny_pretrained
    assert tiny_pretrained.fingerprint == before[1]


def test_an_encoder_that_is_trained_has_a_lower_rate(make):
    module = make(strategy="finetune", likelihood=GaussianLikelihood(), optimizer_kwargs={"lr": 1e-2}).fit(SERIES).model
    head, encoder = module.configure_optimizers().param_groups
    assert encoder["lr"] == pytest.approx(0.1 * head["lr"])


def test_patterns_of_darts_decide_what_is_trained(make, tiny_pretrained):
    model = make(strategy="finetune", enable_finetuning={"freeze": ["network.backbone.*"]}).fit(SERIES)
    assert model.fit_path_ == "gradient"
    assert not model.model.train().network.backbone.training


def test_without_an_artifact_the_series_are_pretrained_on(make):
    model = make(pretrained=None)
    model.fit(SERIES)
    assert model.pretrained_.context_length == 24
    assert equal(weights_of(model), teacher_of(model.pretrained_))
    first = model.pretrained_
    assert model.fit(SERIES[:100]).pretrained_ is first


def test_the_linear_baseline_needs_no_encoder(make):
    model = make(pretrained=None, blocks="lookback").fit(SERIES)
    assert model.pretrained_ is None
    assert model.model.network.backbone is None


def test_equal_seeds_give_equal_models(make):
    kinds = ({"pretrained": None}, {"likelihood": QuantileRegression([0.1, 0.5, 0.9])})
    for changes in kinds:
        one, two = (make(**changes).fit(SERIES) for _ in range(2))
        np.testing.assert_array_equal(forecast(one), forecast(two))


@pytest.mark.parametrize("likelihood", [None, GaussianLikelihood()], ids=["closed form", "gradient"])
@pytest.mark.parametrize("clean", [False, True])
def test_saved_models_forecast_the_same(make, tmp_path, likelihood, clean):
    model = make(likelihood=likelihood).fit(SERIES)
    model.save(str(tmp_path / "model.pt"), clean=clean)
    loaded = JEPAModel.load(str(tmp_path / "model.pt"), pl_trainer_kwargs={"enable_progress_bar": False})
    options = {"predict_likelihood_parameters": likelihood is not None}
    expected = model.predict(HORIZON, series=SERIES, **options).values()
    assert equal(loaded.model.state_dict(), model.model.state_dict())
    np.testing.assert_allclose(loaded.predict(HORIZON, series=SERIES, **options).values(), expected, atol=1e-6)
    assert loaded.pretrained_ == model.pretrained_


def test_the_folder_of_the_artifact_may_vanish(make, tiny_pretrained, tmp_path):
    folder = tiny_pretrained.save(tmp_path / "artifact")
    model = make(pretrained=folder).fit(SERIES)
    model.save(str(tmp_path / "model.pt"))
    shutil.rmtree(folder)
    loaded = JEPAModel.load(str(tmp_path / "model.pt"))
    np.testing.assert_allclose(forecast(loaded), forecast(model), atol=1e-6)
    refitted = loaded.untrained_model().fit(SERIES)
    np.testing.assert_allclose(forecast(refitted), forecast(model), atol=1e-6)


def test_an_unfitted_model_can_be_saved(make, tmp_path):
    make(pretrained=tmp_path / "somewhere").save(str(tmp_path / "model.pt"))
    assert JEPAModel.load(str(tmp_path / "model.pt")).model_params["pretrained"] == tmp_path / "somewhere"


def through_joblib(model):
    content = io.BytesIO()
    joblib.dump(model, content)
    content.seek(0)
    return joblib.load(content)


@pytest.mark.parametrize(
    "copied",
    [lambda model: pickle.loads(pickle.dumps(model)), copy.deepcopy, copy.copy, through_joblib],  # noqa: S301
    ids=["pickle", "deepcopy", "copy", "joblib"],
)
@pytest.mark.parametrize("likelihood", [None, QuantileRegression([0.1, 0.5, 0.9])], ids=["closed form", "gradient"])
def test_copies_keep_their_weights(make, copied, likelihood):
    years = SERIES + 2000.0
    model = make(likelihood=likelihood).fit(SERIES, future_covariates=years)
    twin = copied(model)
    expected = model.predict(3, series=SERIES[:100], future_covariates=years, random_state=1).values()
    found = twin.predict(3, series=SERIES[:100], future_covariates=years, random_state=1).values()
    assert equal(twin.model.state_dict(), model.model.state_dict())
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_checkpoints_bring_a_model_back(make, tmp_path):
    model = make(save_checkpoints=True, model_name="waves", work_dir=str(tmp_path), n_epochs=2).fit(SERIES)
    assert model.fit_path_ == "gradient"
    loaded = JEPAModel.load_from_checkpoint("waves", work_dir=str(tmp_path), best=False)
    assert equal(loaded.model.state_dict(), model.model.state_dict())
    np.testing.assert_allclose(forecast(loaded), forecast(model), atol=1e-6)


def test_weights_move_to_a_new_model(make, tmp_path):
    model = make(pretrained=None).fit(SERIES)
    model.save(str(tmp_path / "model.pt"))
    other = make(pretrained=None)
    other.load_weights(str(tmp_path / "model.pt"))
    np.testing.assert_allclose(forecast(other), forecast(model), atol=1e-6)
    with pytest.raises(NotFittedError, match="skip_checks"):
        make(pretrained=None).load_weights(str(tmp_path / "model.pt"), load_encoders=False, skip_checks=True)


def test_another_release_of_darts_is_refused(monkeypatch):
    monkeypatch.setattr("darts.__version__", "0.49.0")
    with pytest.raises(ImportError, match=r"written for Darts 0\.48"):
        runpy.run_path(_compat.__file__)
