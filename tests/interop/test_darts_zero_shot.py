"""An encoder that decodes quantiles, in Darts: with nothing fitted, and under the other strategies."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("darts")

from darts import TimeSeries
from darts.metrics import mae
from darts.utils.likelihood_models.torch import (
    GaussianLikelihood,
    LaplaceLikelihood,
    PoissonLikelihood,
    QuantileRegression,
)
from torch.nn import L1Loss

from tjepa_estimators import ForecastTask, JEPAModel
from tjepa_estimators.errors import ConfigError

HORIZON = 6
LEVELS = [0.1, 0.5, 0.9]


@pytest.fixture
def make(tiny_decoding):
    def build(**changes):
        settings = {
            "input_chunk_length": 24,
            "output_chunk_length": HORIZON,
            "pretrained": tiny_decoding,
            "strategy": "zero_shot",
            "n_epochs": 1,
            "pl_trainer_kwargs": {"enable_progress_bar": False},
        }
        return JEPAModel(**{**settings, **changes})

    return build


@pytest.fixture
def task(tiny_decoding):
    config = {"horizon": HORIZON, "context_length": 24, "strategy": "zero_shot"}
    return ForecastTask(config, pretrained=tiny_decoding).fit(WIDE.values())


def noisy_waves(steps=100, channels=1, seed=0):
    time = np.arange(steps)[:, None] / (3.0 + np.arange(channels))
    values = np.sin(time) + 0.1 * np.random.default_rng(seed).standard_normal((steps, channels))
    return TimeSeries.from_times_and_values(pd.date_range("2020-01-01", periods=steps, freq="D"), values)


def with_static(series):
    return series.with_static_covariates(pd.DataFrame({"size": [1.0]}))


SERIES = noisy_waves()
WIDE = noisy_waves(channels=3)
CALM_THEN_LIVELY = SERIES.with_values(SERIES.values() * np.where(np.arange(100) < 50, 0.01, 1.0)[:, None])


def parameters(model, series=None, n=HORIZON):
    given = {} if series is None else {"series": series}
    return model.predict(n, predict_likelihood_parameters=True, **given).values()


def test_a_zero_shot_forecast_is_that_of_the_task_whatever_was_fitted_on(make, task):
    expected = task.predict([WIDE.values()])[0]
    for fitted_on in (WIDE, WIDE[:30] * 100.0):
        model = make().fit(fitted_on)
        assert model.fit_path_ == "closed form"
        np.testing.assert_allclose(model.predict(HORIZON, series=WIDE).values(), expected, atol=1e-5)


def test_quantile_regression_gives_the_decoded_quantiles_without_training(make, task):
    model = make(likelihood=QuantileRegression(LEVELS)).fit(WIDE)
    assert model.fit_path_ == "closed form"
    expected = task.predict([WIDE.values()], quantiles=LEVELS)[0].reshape(HORIZON, -1)
    np.testing.assert_allclose(parameters(model), expected, atol=1e-5)


@pytest.mark.parametrize("likelihood", [GaussianLikelihood, LaplaceLikelihood])
def test_the_decoded_spread_is_the_scale_of_each_window(make, task, likelihood):
    model = make(likelihood=likelihood()).fit(SERIES)
    forecast = parameters(model, CALM_THEN_LIVELY[:50]), parameters(model, CALM_THEN_LIVELY)
    assert (forecast[1][:, 1] > 20 * forecast[0][:, 1]).all()
    same = np.repeat(SERIES.values(), 3, axis=1)
    low, high = np.moveaxis(task.predict([same], quantiles=[0.1587, 0.8413])[0, :, 0], 1, 0)
    half = (high - low) / 2 / (1.0 if likelihood is GaussianLikelihood else 1.1477)
    np.testing.assert_allclose(parameters(model, SERIES)[:, 1], half, rtol=1e-3)


def test_short_and_long_series_are_forecast_beside_each_other(make):
    model = make(input_chunk_length=(5, 24)).fit([SERIES, noisy_waves(8)])
    forecasts = model.predict(3 * HORIZON, series=[SERIES, noisy_waves(8), noisy_waves(5)])
    assert [len(one) for one in forecasts] == [18, 18, 18]
    assert all(np.isfinite(one.values()).all() for one in forecasts)


def test_a_backtest_without_retraining_is_the_forecast_from_each_point(make):
    model = make(likelihood=QuantileRegression(LEVELS)).fit(WIDE[:40])
    given = {"forecast_horizon": HORIZON, "start": 60, "start_format": "position", "stride": 10, "retrain": False}
    found = model.historical_forecasts(
        WIDE, last_points_only=False, predict_likelihood_parameters=True, verbose=False, **given
    )
    for one in found:
        history = WIDE.drop_after(one.start_time())
        np.testing.assert_allclose(one.values(), parameters(model, history), atol=1e-5)
    assert make().fit(WIDE[:40]).backtest(WIDE, metric=mae, verbose=False, **given) < 2.0


@pytest.mark.parametrize("likelihood", [None, QuantileRegression(LEVELS)])
def test_copies_forecast_the_same(make, tmp_path, likelihood):
    model = make(likelihood=likelihood).fit(SERIES)
    expected = model.predict(HORIZON, predict_likelihood_parameters=likelihood is not None).values()
    model.save(str(tmp_path / "model.pt"))
    fresh = make(likelihood=likelihood)
    fresh.load_weights(str(tmp_path / "model.pt"))
    copies = [JEPAModel.load(str(tmp_path / "model.pt")), pickle.loads(pickle.dumps(model)), fresh]  # noqa: S301 - our own
    for copy in copies:
        forecast = copy.predict(HORIZON, series=SERIES, predict_likelihood_parameters=likelihood is not None)
        np.testing.assert_allclose(forecast.values(), expected, atol=1e-6)


def test_a_shift_moves_the_forecast(make):
    forecast = parameters(make(likelihood=QuantileRegression(LEVELS), output_chunk_shift=4).fit(SERIES))
    wider = make(likelihood=QuantileRegression(LEVELS), output_chunk_length=HORIZON + 4).fit(SERIES)
    np.testing.assert_allclose(forecast, parameters(wider, n=HORIZON + 4)[4:], atol=1e-6)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"enable_finetuning": True}, "enable_finetuning"),
        ({"loss_fn": L1Loss()}, "loss_fn"),
        ({"likelihood": PoissonLikelihood()}, "PoissonLikelihood has to be trained"),
    ],
)
def test_what_asks_for_training_is_refused_at_once(make, settings, message):
    with pytest.raises(ConfigError, match=message):
        make(**settings)


@pytest.mark.parametrize(
    ("series", "given", "message"),
    [
        (SERIES, {"sample_weight": "linear"}, "sample weights"),
        (SERIES, {"past_covariates": SERIES}, "covariates"),
        (SERIES, {"future_covariates": noisy_waves(200)}, "covariates"),
        (with_static(SERIES), {}, "use_static_covariates=False"),
    ],
)
def test_what_cannot_be_learned_without_training_is_refused(make, series, given, message):
    with pytest.raises(ConfigError, match=message):
        make().fit(series, **given)
    assert len(make(use_static_covariates=False).fit(with_static(SERIES)).predict(HORIZON)) == HORIZON


def test_an_encoder_that_decodes_nothing_is_refused(make, tiny_pretrained):
    with pytest.raises(ConfigError, match="decodes no values"):
        make(pretrained=tiny_pretrained).fit(SERIES)


@pytest.fixture
def about_decoded(monkeypatch):
    """Make any head start from the decoded forecast, which one on a barely trained encoder would not."""
    from tjepa_estimators.tasks import head
    from tjepa_estimators.tasks.choice import HeadChoice

    choose = head.choose_head
    monkeypatch.setattr(head, "choose_head", lambda *given: HeadChoice("decoded", choose(*given).blocks))


@pytest.mark.parametrize("strategy", ["frozen", "finetune", "online"])
def test_other_strategies_agree_with_the_task(make, tiny_decoding, about_decoded, strategy):
    train = {"steps": 3}
    config = {"horizon": HORIZON, "context_length": 24, "strategy": strategy}
    task = ForecastTask(config, pretrained=tiny_decoding, train=train).fit(SERIES.values())
    model = make(strategy=strategy, train=train).fit(SERIES)
    assert task.report_.centre == "decoded"
    np.testing.assert_allclose(model.predict(HORIZON).values(), task.predict([SERIES.values()])[0], atol=1e-5)
    spread = make(strategy=strategy, train=train, likelihood=QuantileRegression(LEVELS), n_epochs=0).fit(SERIES)
    expected = task.predict([SERIES.values()], quantiles=LEVELS)[0, :, 0]
    np.testing.assert_allclose(parameters(spread), expected, atol=1e-5)


@pytest.mark.parametrize("strategy", ["frozen", "finetune"])
def test_gradients_train_a_decoder_only_where_the_strategy_says_so(make, about_decoded, strategy, tmp_path):
    model = make(strategy=strategy, train={"steps": 1}, likelihood=QuantileRegression(LEVELS)).fit(SERIES)
    assert model.fit_path_ == "gradient"
    decoder = model.model.network.decoder
    assert {weight.requires_grad for weight in decoder.parameters()} == {strategy == "finetune"}
    expected = parameters(model, SERIES)
    assert np.isfinite(expected).all()
    model.save(str(tmp_path / "model.pt"))
    np.testing.assert_allclose(parameters(JEPAModel.load(str(tmp_path / "model.pt")), SERIES), expected, atol=1e-6)
