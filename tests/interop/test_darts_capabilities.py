"""Everything that a Darts torch model can do, tried once each on a tiny encoder."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("darts")

from darts import TimeSeries
from darts.ad import ForecastingAnomalyModel, NormScorer
from darts.metrics import mae
from darts.models import ConformalNaiveModel, NaiveDrift, NaiveEnsembleModel, RegressionEnsembleModel
from darts.utils.likelihood_models.torch import (
    BetaLikelihood,
    GaussianLikelihood,
    NegativeBinomialLikelihood,
    PoissonLikelihood,
    QuantileRegression,
)
from pytorch_lightning import Trainer
from pytorch_lightning.callbacks import EarlyStopping

from tjepa_estimators import ForecastTask, JEPAModel
from tjepa_estimators.errors import ConfigError, DataError
from tjepa_estimators.tasks.covariates import Covariates

HORIZON = 6


@pytest.fixture
def make(tiny_pretrained):
    def build(**changes):
        settings = {
            "input_chunk_length": 24,
            "output_chunk_length": HORIZON,
            "pretrained": tiny_pretrained,
            "blocks": "both",
            "random_state": 0,
            "n_epochs": 1,
            "pl_trainer_kwargs": {"enable_progress_bar": False},
        }
        return JEPAModel(**{**settings, **changes})

    return build


def noisy_waves(steps=160, channels=1, seed=0, start="2020-01-01", dtype=np.float64):
    time = np.arange(steps)[:, None] / (3.0 + np.arange(channels))
    values = np.sin(time) + 0.1 * np.random.default_rng(seed).standard_normal((steps, channels))
    return TimeSeries.from_times_and_values(
        pd.date_range(start, periods=steps, freq="D"), values.astype(dtype), columns=[f"c{i}" for i in range(channels)]
    )


def with_static(series, value):
    return series.with_static_covariates(pd.DataFrame({"size": [value]}))


SERIES = noisy_waves()
OTHER = noisy_waves(120, seed=1)
WIDE = noisy_waves(channels=3)
COUNTS = SERIES.with_values(np.round(SERIES.values() * 3.0 + 9.0))
BESIDE = noisy_waves(200, channels=2, seed=2)  # reaches 40 steps beyond the others


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_forecasts_have_the_type_of_the_series(make, dtype):
    forecast = make().fit(SERIES.astype(dtype)).predict(HORIZON)
    assert forecast.values().dtype == dtype
    assert np.isfinite(forecast.values()).all()
    assert forecast.start_time() == SERIES.end_time() + SERIES.freq


def test_forecasts_agree_with_the_forecasting_task(make, tiny_pretrained):
    config = {"horizon": HORIZON, "context_length": 24, "blocks": "both"}
    task = ForecastTask(config, pretrained=tiny_pretrained).fit([WIDE.values()])
    model = make().fit(WIDE)
    for steps in (HORIZON, 2 * HORIZON):
        np.testing.assert_allclose(model.predict(steps).values(), task.predict([WIDE.values()], steps)[0], atol=1e-6)


def test_forecasts_with_covariates_agree_with_the_forecasting_task(make, tiny_pretrained):
    panel = [with_static(SERIES, 1.0), with_static(OTHER, 4.0)]
    past = BESIDE * 3.0 + 2000.0
    rest = {
        "past": [past.values()[: len(one)] for one in panel],
        "static": [np.array([1.0]), np.array([4.0])],
    }
    config = {"horizon": HORIZON, "context_length": 24, "blocks": "both"}
    task = ForecastTask(config, pretrained=tiny_pretrained)
    targets = [one.values() for one in panel]
    task.fit(targets, Covariates(known=[BESIDE.values()[: len(one)] for one in panel], **rest))
    model = make().fit(panel, past_covariates=[past] * 2, future_covariates=[BESIDE] * 2)
    assert model.fit_path_ == "closed form"
    ours = model.predict(HORIZON, series=panel, past_covariates=[past] * 2, future_covariates=[BESIDE] * 2)
    theirs = task.predict(targets, covariates=Covariates(known=[BESIDE.values()] * 2, **rest))
    np.testing.assert_allclose(np.stack([one.values() for one in ours]), theirs, atol=1e-6)


def test_covariates_may_begin_before_the_series(make):
    early = noisy_waves(260, channels=2, seed=2, start="2019-12-01")
    same = early.slice_intersect(BESIDE)
    forecasts = [make().fit(SERIES, future_covariates=one).predict(HORIZON) for one in (early, same)]
    np.testing.assert_allclose(forecasts[0].values(), forecasts[1].values(), atol=1e-6)


def test_a_future_covariate_that_tells_all_is_used(make):
    noise = np.random.default_rng(0).standard_normal(240)
    known = TimeSeries.from_values(noise)
    series = TimeSeries.from_values(noise[:200])
    forecast = make().fit(series, future_covariates=known).predict(HORIZON)
    np.testing.assert_allclose(forecast.values()[:, 0], noise[200 : 200 + HORIZON], atol=0.2)


def test_generated_covariates_are_used(make):
    model = make(add_encoders={"cyclic": {"future": ["dayofweek"]}, "position": {"past": ["relative"]}}).fit(SERIES)
    assert model.model.covariates.kinds == ("known", "past")
    assert len(model.predict(2 * HORIZON)) == 2 * HORIZON


def test_static_covariates_can_be_left_out(make):
    model = make(use_static_covariates=False).fit([with_static(SERIES, 1.0), with_static(OTHER, 4.0)])
    assert model.model.covariates.kinds == ()


def test_a_shift_moves_the_forecast(make):
    model = make(output_chunk_shift=4).fit(SERIES)
    forecast = model.predict(HORIZON)
    assert model.fit_path_ == "closed form"
    assert forecast.start_time() == SERIES.end_time() + 5 * SERIES.freq
    wider = make(output_chunk_length=HORIZON + 4).fit(SERIES).predict(HORIZON + 4)[4:]
    np.testing.assert_allclose(forecast.values(), wider.values(), atol=1e-6)


def test_a_shift_with_future_covariates_is_trained_by_gradient(make):
    model = make(output_chunk_shift=4).fit(SERIES, future_covariates=BESIDE, past_covariates=BESIDE)
    assert model.fit_path_ == "gradient"
    assert np.isfinite(model.predict(HORIZON).values()).all()


def test_missing_values_are_forecast_across(make):
    values = SERIES.values().copy()
    values[40:50] = values[-3:] = np.nan
    holes = SERIES.with_values(values)
    for model in (make(), make(likelihood=GaussianLikelihood())):
        forecast = model.fit(holes).predict(HORIZON, predict_likelihood_parameters=model.likelihood is not None)
        assert np.isfinite(forecast.values()).all()


def test_series_shorter_than_the_window_are_padded_on_request(make):
    short = SERIES[-12:]
    model = make(input_chunk_length=(8, 24)).fit([SERIES, OTHER])
    padded = SERIES[-24:].with_values(np.concatenate([np.full((12, 1), np.nan), short.values()]))
    full = make().fit([SERIES, OTHER]).predict(HORIZON, series=padded)
    np.testing.assert_allclose(model.predict(HORIZON, series=short).values(), full.values(), atol=1e-6)
    assert np.isfinite(make(input_chunk_length=(4, 24)).fit(SERIES[:20]).predict(HORIZON).values()).all()


def test_series_shorter_than_the_window_are_refused_otherwise(make):
    with pytest.raises(ValueError, match="too short"):
        make().fit(SERIES).predict(HORIZON, series=SERIES[-12:])


@pytest.mark.parametrize(
    ("likelihood", "series"),
    [
        (QuantileRegression([0.1, 0.5, 0.9]), WIDE),
        (GaussianLikelihood(), WIDE),
        (PoissonLikelihood(), COUNTS),
        (NegativeBinomialLikelihood(), COUNTS),
        (BetaLikelihood(), SERIES / 4 + 0.5),
    ],
    ids=lambda value: type(value).__name__,
)
def test_likelihoods_give_samples_and_parameters(make, likelihood, series):
    model = make(likelihood=likelihood).fit(series)
    assert model.fit_path_ == "gradient"
    parameters = model.predict(HORIZON, predict_likelihood_parameters=True)
    assert parameters.shape == (HORIZON, series.n_components * likelihood.num_parameters, 1)
    samples = model.predict(2 * HORIZON, num_samples=20)
    assert samples.shape == (2 * HORIZON, series.n_components, 20)
    assert np.isfinite(samples.all_values()).all()


@pytest.mark.parametrize("likelihood", [QuantileRegression([0.1, 0.5, 0.9]), GaussianLikelihood()])
def test_likelihoods_begin_with_the_spread_of_the_residuals(make, likelihood):
    series = noisy_waves(600)
    model = make(likelihood=likelihood, n_epochs=0).fit(series[:400])
    forecasts = model.historical_forecasts(
        series[400 - 24 :], num_samples=100, forecast_horizon=1, retrain=False, random_state=0
    )
    inside = [
        (forecasts.quantile(low).values() <= truth).mean()
        for truth in [series.slice_intersect(forecasts).values()]
        for low in (0.1, 0.9)
    ]
    assert inside[0] == pytest.approx(0.9, abs=0.08)
    assert inside[1] == pytest.approx(0.1, abs=0.08)


def test_likelihoods_scale_with_the_series(make):
    fitted = [make(likelihood=GaussianLikelihood(), n_epochs=0).fit(one) for one in (SERIES, SERIES * 1000.0 + 5.0)]
    small, large = (one.predict(HORIZON, predict_likelihood_parameters=True).values() for one in fitted)
    np.testing.assert_allclose(large[:, 0], small[:, 0] * 1000.0 + 5.0, rtol=1e-3, atol=1.0)
    np.testing.assert_allclose(large[:, 1], small[:, 1] * 1000.0, rtol=1e-3)


def test_sample_weights_are_obeyed(make):
    solved = make().fit(SERIES).predict(HORIZON).values()
    weighed = [make().fit(SERIES, sample_weight=SERIES.with_values(np.full((160, 1), one))) for one in (0.0, 1.0)]
    unmoved, moved = (model.predict(HORIZON).values() for model in weighed)
    np.testing.assert_allclose(unmoved, solved, atol=1e-6)  # no weight, no gradient
    assert np.abs(moved - solved).max() > 1e-4
    assert make().fit(SERIES, sample_weight="linear").fit_path_ == "gradient"


def test_validation_series_choose_the_strengths(make):
    model = make().fit(SERIES, val_series=OTHER)
    assert model.fit_path_ == "closed form"
    assert model.report_.errors != make().fit(SERIES).report_.errors


def test_early_stopping_stops(make):
    stop = EarlyStopping("val_loss", patience=1, min_delta=1e9)
    model = make(n_epochs=9, pl_trainer_kwargs={"callbacks": [stop], "enable_progress_bar": False})
    model.fit(SERIES, val_series=OTHER)
    assert model.fit_path_ == "gradient"
    assert model.epochs_trained == 2


def test_a_trainer_of_the_user_is_used(make):
    trainer = Trainer(
        max_epochs=1, logger=False, enable_checkpointing=False, enable_progress_bar=False, accelerator="cpu"
    )
    model = make().fit(SERIES, trainer=trainer)
    assert model.trainer is trainer
    assert trainer.global_step > 0


def test_another_loss_is_trained_by_gradient(make):
    from torch import nn

    assert make(loss_fn=nn.L1Loss()).fit(SERIES).fit_path_ == "gradient"
    assert make(loss_fn=nn.MSELoss()).fit(SERIES).fit_path_ == "closed form"


def test_a_second_fit_goes_on_by_gradient_or_solves_anew(make):
    trained, solved = make(likelihood=GaussianLikelihood()).fit(SERIES), make().fit(SERIES)
    networks = trained.model, solved.model
    assert trained.fit(OTHER).model is networks[0]
    assert solved.fit(OTHER).model is not networks[1]
    np.testing.assert_array_equal(solved.predict(6, OTHER).values(), make().fit(OTHER).predict(6, OTHER).values())


def test_reversible_normalisation_changes_nothing_as_windows_are_normalised_already(make):
    plain, reversible = (make(use_reversible_instance_norm=flag).fit(SERIES).predict(HORIZON) for flag in (False, True))
    np.testing.assert_allclose(plain.values(), reversible.values(), atol=1e-3)


@pytest.mark.parametrize("options", [{}, {"num_samples": 1, "future": True}, {"likelihood": True}])
@pytest.mark.parametrize("last", [True, False])
def test_fast_and_slow_historical_forecasts_agree(make, options, last):
    future = BESIDE if options.get("future") else None
    likelihood = QuantileRegression([0.1, 0.5, 0.9]) if options.get("likelihood") else None
    model = make(likelihood=likelihood).fit(SERIES, future_covariates=future)
    fast, slow = (
        model.historical_forecasts(
            SERIES,
            future_covariates=future,
            start=0.7,
            forecast_horizon=HORIZON,
            stride=7,
            retrain=False,
            last_points_only=last,
            enable_optimization=optimised,
            predict_likelihood_parameters=likelihood is not None,
        )
        for optimised in (True, False)
    )
    for one, two in zip([fast] if last else fast, [slow] if last else slow, strict=True):
        assert one.time_index.equals(two.time_index)
        np.testing.assert_allclose(one.values(), two.values(), atol=1e-6)


def test_backtests_refit_with_the_same_encoder(make, tiny_pretrained):
    before = tiny_pretrained.fingerprint
    model = make()
    error = model.backtest(SERIES, start=-20, forecast_horizon=HORIZON, stride=5, retrain=True, metric=mae)
    assert error < mae(SERIES, SERIES.shift(1))
    assert tiny_pretrained.fingerprint == before


def test_residuals_cover_the_series(make):
    residuals = make().fit(SERIES).residuals(SERIES, retrain=False)
    assert len(residuals) == len(SERIES) - 24


def test_gridsearch_finds_the_window_that_shows_the_period(make, tiny_pretrained):
    series = noisy_waves(160)
    best, found, _ = JEPAModel.gridsearch(
        {
            "input_chunk_length": [2, 24],
            "output_chunk_length": [HORIZON],
            "pretrained": [tiny_pretrained],
            "pl_trainer_kwargs": [{"enable_progress_bar": False}],
        },
        series=series[:130],
        val_series=series[130:],
    )
    assert found["input_chunk_length"] == 24
    assert best.model_params["pretrained"] is tiny_pretrained


def test_ensembles_take_it_as_a_member(make):
    for ensemble in (
        NaiveEnsembleModel([make(), NaiveDrift()]),
        RegressionEnsembleModel([make(), make(blocks="lookback")], regression_train_n_points=20),
    ):
        assert len(ensemble.fit(SERIES).predict(HORIZON)) == HORIZON


def test_conformal_models_wrap_it(make):
    model = ConformalNaiveModel(make().fit(SERIES[:100]), quantiles=[0.1, 0.5, 0.9], cal_length=20)
    low, _, high = model.predict(3, series=SERIES, predict_likelihood_parameters=True).values().T
    assert (low < high).all()


def test_anomaly_models_score_its_forecasts(make):
    model = ForecastingAnomalyModel(make().fit(SERIES[:100]), scorer=NormScorer())
    spiked = SERIES.values().copy()
    spiked[140] += 9.0
    scores = model.score(SERIES.with_values(spiked), start=0.5)
    assert scores.time_index[scores.values().argmax()] == SERIES.time_index[140]


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")  # Lightning's own, of its search
def test_the_learning_rate_finder_runs(make, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # it writes a temporary file
    assert make(likelihood=GaussianLikelihood(), batch_size=4).lr_find(SERIES, num_training=15) is not None


def test_it_leaves_nothing_behind_and_says_nothing(make, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    make(likelihood=GaussianLikelihood()).fit(SERIES).predict(HORIZON)
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")


def test_only_the_latest_samples_are_used_on_request(make):
    late = make().fit(SERIES, max_samples_per_ts=60).predict(HORIZON)
    np.testing.assert_allclose(late.values(), make().fit(SERIES[-(59 + 24 + HORIZON) :]).predict(HORIZON).values())


def test_datasets_of_the_user_are_refused(make):
    model = make()

    class Mine(type(model._build_train_dataset([SERIES], None, None, None, None)).__mro__[2]):
        def __len__(self):
            return 1

        def __getitem__(self, index):
            raise NotImplementedError

    with pytest.raises(DataError, match="SequentialTorchTrainingDataset"):
        model.fit_from_dataset(Mine())


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"strategy": "thawed"}, "frozen"),
        ({"blocks": "some"}, "lookback"),
        ({"train": {"stepz": 3}}, "stepz"),
        ({"config": "huge"}, "tiny"),
        ({"encoder": "tranformer"}, "transformer"),
        ({"enable_finetuning": False}, "frozen"),
    ],
)
def test_wrong_settings_are_told_at_once(make, wrong, message):
    with pytest.raises((ConfigError, LookupError), match=message):
        make(**wrong)
