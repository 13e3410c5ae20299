"""Forecasting with nothing fitted: what it needs, what it keeps, and what it does not look at."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch

from tjepa_estimators import ForecastTask, JEPAForecaster
from tjepa_estimators.data.scaling import denormalize
from tjepa_estimators.errors import ConfigError, DataError
from tjepa_estimators.tasks.covariates import Covariates

ZERO_SHOT = {"horizon": 4, "strategy": "zero_shot"}


@pytest.fixture(scope="module")
def task(waves, tiny_decoding):
    """Blocks of 8 steps from windows of 24; nothing may change it."""
    return ForecastTask(ZERO_SHOT, pretrained=tiny_decoding).fit(waves)


# --- what it needs


def test_it_needs_an_encoder_that_was_pretrained(waves):
    with pytest.raises(
        ConfigError, match=r"needs an encoder that has learned to forecast; give pretrained='tjepa-tiny'"
    ):
        ForecastTask(ZERO_SHOT).fit(waves)


def test_an_encoder_that_decodes_nothing_is_refused_with_what_to_do(waves, tiny_pretrained):
    with pytest.raises(ConfigError, match=r"decodes no values.*Pretrain with JEPAConfig\(quantiles=QuantileConfig"):
        ForecastTask(ZERO_SHOT, pretrained=tiny_pretrained).fit(waves)


def test_covariates_cannot_be_understood_without_training(waves, tiny_decoding):
    with pytest.raises(DataError, match="cannot learn what covariates mean"):
        ForecastTask(ZERO_SHOT, pretrained=tiny_decoding).fit(waves[0], Covariates(known=[waves[0]]))


def test_it_needs_the_encoder_that_the_lookback_alone_goes_without():
    with pytest.raises(ConfigError, match="has no encoder"):
        ForecastTask(ZERO_SHOT | {"blocks": "lookback"})


# --- nothing is fitted


def test_forecasts_do_not_depend_on_the_values_given_to_fit(task, waves, tiny_decoding):
    other = ForecastTask(ZERO_SHOT, pretrained=tiny_decoding).fit(np.arange(3.0))
    np.testing.assert_array_equal(other.predict(waves), task.predict(waves))
    levels = [0.1, 0.5, 0.9]
    np.testing.assert_array_equal(other.predict(waves, quantiles=levels), task.predict(waves, quantiles=levels))


def test_the_artifact_is_the_same_afterwards(task, waves, tiny_decoding):
    before = tiny_decoding.fingerprint
    task.predict(waves, 30, quantiles=[0.1])
    assert task.pretrained_ is tiny_decoding
    assert tiny_decoding.fingerprint == before
    assert not any(weight.requires_grad for weight in task.network_.parameters())


def test_the_report_says_that_nothing_was_fitted(task):
    report = task.report_
    assert (report.rows, report.centre, report.strengths, report.errors) == (0, "decoded", {}, {})
    assert report.chosen == ""


def test_an_artifact_in_a_folder_serves_as_well(task, waves, tiny_decoding, tmp_path):
    folder = tiny_decoding.save(tmp_path / "encoder")
    again = ForecastTask(ZERO_SHOT, pretrained=str(folder)).fit(waves)
    np.testing.assert_array_equal(again.predict(waves), task.predict(waves))


# --- laws


@pytest.mark.parametrize(("scale", "shift"), [(100.0, 0.0), (1.0, 1e4), (1e-3, -50.0)])
def test_forecasts_scale_and_shift_with_their_context(task, waves, scale, shift):
    moved = [scale * one + shift for one in waves]
    np.testing.assert_allclose((task.predict(moved, 12) - shift) / scale, task.predict(waves, 12), atol=1e-3)
    levels = [0.05, 0.5, 0.99]
    expected = task.predict(waves, 12, quantiles=levels)
    np.testing.assert_allclose((task.predict(moved, 12, quantiles=levels) - shift) / scale, expected, atol=2e-3)


def test_the_forecast_is_the_mean_of_what_is_decoded_and_the_quantiles_are_what_is_decoded(task, waves, tiny_decoding):
    forecaster = tiny_decoding.forecaster()
    window = np.stack([one[-24:, 0] for one in waves])
    decoded = forecaster(torch.from_numpy(window), 20).numpy()
    np.testing.assert_allclose(task.predict(waves, 20)[..., 0], decoded.mean(axis=-1), atol=1e-5)
    found = task.predict(waves, 20, quantiles=forecaster.levels)[:, :, 0]
    np.testing.assert_allclose(found, decoded, atol=1e-5)


@pytest.mark.parametrize("steps", [1, 3, 4, 8, 9, 40])
def test_a_longer_forecast_begins_with_the_shorter_one(task, waves, steps):
    long = task.predict(waves, 45, quantiles=[0.1, 0.9])
    np.testing.assert_allclose(task.predict(waves, steps, quantiles=[0.1, 0.9]), long[:, :steps], atol=1e-6)


def test_the_horizon_of_the_settings_changes_no_forecast(task, waves, tiny_decoding):
    other = ForecastTask(ZERO_SHOT | {"horizon": 1}, pretrained=tiny_decoding).fit(waves)
    np.testing.assert_allclose(other.predict(waves, 20), task.predict(waves, 20), atol=1e-6)


def test_quantiles_are_in_order_at_any_levels_and_lead_times(task, waves):
    levels = [0.001, 0.01, 0.05, 0.25, 0.5, 0.77, 0.95, 0.999]
    quantiles = task.predict(waves, 60, quantiles=levels)
    assert quantiles.shape == (3, 60, 1, 8)
    assert np.isfinite(quantiles).all()
    assert (np.diff(quantiles, axis=-1) >= 0.0).all()


def test_the_network_forecasts_the_same(task, waves):
    forecast, stats = task.network_(torch.from_numpy(np.stack([one[-24:, 0] for one in waves])))
    np.testing.assert_allclose(denormalize(forecast.double(), stats), task.predict(waves)[..., 0], atol=1e-5)


# --- histories of any kind


@pytest.mark.parametrize("length", [1, 2, 5, 23])
def test_short_histories_are_forecast(task, waves, length):
    forecast = task.predict([one[-length:] for one in waves], 12, quantiles=[0.1, 0.9])
    assert np.isfinite(forecast).all()


def test_missing_values_are_no_obstacle_and_a_history_of_nothing_has_no_forecast(task, waves):
    gappy = waves[0].copy()
    gappy[-20:-11] = gappy[-3:] = np.nan
    forecast = task.predict([gappy, np.full((30, 1), np.nan), np.empty((0, 1))], 12, quantiles=[0.5])
    assert np.isfinite(forecast[0]).all()
    assert np.isnan(forecast[1:]).all()


def test_channels_are_forecast_one_by_one(waves, tiny_decoding):
    both = np.column_stack([waves[0][:200, 0], 50 + waves[1][:200, 0]])
    task = ForecastTask(ZERO_SHOT, pretrained=tiny_decoding).fit(both)
    swapped = task.predict([both[:, ::-1]])[:, :, ::-1]
    np.testing.assert_allclose(task.predict([both]), swapped, atol=1e-6)


def test_a_shorter_context_is_all_that_is_read(waves, tiny_decoding):
    task = ForecastTask(ZERO_SHOT | {"context_length": 10}, pretrained=tiny_decoding).fit(waves)
    np.testing.assert_array_equal(task.predict(waves), task.predict([one[-10:] for one in waves]))
    longer = ForecastTask(ZERO_SHOT | {"context_length": 1000}, pretrained=tiny_decoding).fit(waves)
    assert longer.context_length_ == 24


# --- in sktime


def test_sktime_gives_what_the_task_gives(task, waves, tiny_decoding):
    y = pd.Series(waves[0][:, 0])
    forecaster = JEPAForecaster(pretrained=tiny_decoding, strategy="zero_shot").fit(y, fh=range(1, 21))
    np.testing.assert_allclose(forecaster.predict(), task.predict([waves[0]], 20)[0, :, 0], atol=1e-6)
    quantiles = forecaster.predict_quantiles(alpha=[0.1, 0.5, 0.9])
    np.testing.assert_allclose(quantiles, task.predict([waves[0]], 20, quantiles=[0.1, 0.5, 0.9])[0, :, 0], atol=1e-6)


def test_sktime_forecasts_a_history_shorter_than_the_horizon(task, waves, tiny_decoding):
    y = pd.Series(waves[0][-6:, 0])
    forecaster = JEPAForecaster(pretrained=tiny_decoding, strategy="zero_shot").fit(y, fh=range(1, 13))
    np.testing.assert_allclose(forecaster.predict(), task.predict([waves[0][-6:]], 12)[0, :, 0], atol=1e-6)
