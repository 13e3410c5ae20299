"""What sktime's suite does not look at: values, covariates, missing data, time, mistakes."""

from __future__ import annotations

import copy

import numpy as np
import pandas as pd
import pytest
import torch
from sktime.forecasting.base import ForecastingHorizon

from tjepa_estimators.errors import ConfigError, DataError
from tjepa_estimators.interop.sktime import JEPAForecaster
from tjepa_estimators.tasks.forecast import ForecastTask

LINEAR = {"blocks": "lookback", "context_length": 16}


def exogenous(index, seed=0):
    return pd.DataFrame({"x": np.random.default_rng(seed).standard_normal(len(index))}, index)


def test_a_panel_is_forecast_as_its_series_are_one_by_one(panel, tiny_pretrained):
    forecaster = JEPAForecaster(pretrained=tiny_pretrained, horizon=4).fit(panel)
    forecast = forecaster.predict(fh=[1, 3, 6])
    assert list(forecast.columns) == ["up", "down"]
    assert list(dict.fromkeys(forecast.index.get_level_values(0))) == list("cab")
    for name, series in panel.groupby(level=0, sort=False):
        alone = forecaster.task_.predict([series.to_numpy()], 6)[0][[0, 2, 5]]
        np.testing.assert_allclose(forecast.loc[name], alone, rtol=1e-5)
        last = series.index[-1][1]
        assert list(forecast.loc[name].index) == [last + 1, last + 3, last + 6]


def test_a_hierarchy_is_one_fit(panel, monkeypatch):
    hierarchy = pd.concat({"north": panel, "south": 3 * panel}, names=["region"])
    fits = []
    fit = ForecastTask.fit
    monkeypatch.setattr(ForecastTask, "fit", lambda task, data, known: fits.append(len(data)) or fit(task, data, known))
    forecast = JEPAForecaster(**LINEAR).fit(hierarchy, fh=[1]).predict()
    assert fits == [6]
    assert forecast.index.names == ["region", "series", "month"]
    np.testing.assert_allclose(forecast.loc["south"], 3 * forecast.loc["north"], rtol=1e-4)


def test_a_large_panel_is_one_prediction(monkeypatch):
    index = pd.MultiIndex.from_product([range(300), pd.RangeIndex(20)])
    frame = pd.DataFrame({"y": np.random.default_rng(0).standard_normal(len(index))}, index)
    forecaster = JEPAForecaster(**LINEAR).fit(frame)
    calls = []
    predict = ForecastTask.predict
    monkeypatch.setattr(ForecastTask, "predict", lambda *given, **named: calls.append(1) or predict(*given, **named))
    assert len(forecaster.predict(fh=[1, 2])) == 600
    assert len(calls) == 1


def test_an_absolute_horizon_is_the_same_time_for_all_series(panel):
    forecaster = JEPAForecaster(**LINEAR, horizon=3).fit(panel)
    when = pd.period_range("2006-01", periods=2, freq="M")
    forecast = forecaster.predict(fh=ForecastingHorizon(when, is_relative=False))
    for name in "cab":
        assert list(forecast.loc[name].index) == list(when)
        lead = (when[0] - panel.loc[name].index[-1]).n
        if lead > 0:
            relative = forecaster.predict(fh=[lead]).loc[name]
            np.testing.assert_allclose(forecast.loc[name].iloc[0], relative.iloc[0], rtol=1e-6)


def test_the_horizon_follows_fh_and_the_length_of_the_series(days):
    assert JEPAForecaster(**LINEAR).fit(days, fh=[2, 7]).task_.config.horizon == 7
    assert JEPAForecaster(**LINEAR).fit(days).task_.config.horizon == 24
    assert JEPAForecaster(**LINEAR).fit(days[:12], fh=[9]).task_.config.horizon == 4
    assert JEPAForecaster(**LINEAR, horizon=5).fit(days, fh=[2, 7]).task_.config.horizon == 5


def test_fh_may_change_between_predictions(days):
    forecaster = JEPAForecaster(**LINEAR, horizon=3).fit(days)
    far = forecaster.predict(fh=range(1, 9))
    assert list(far.index) == list(pd.date_range("2024-03-21", periods=8))
    pd.testing.assert_series_equal(forecaster.predict(fh=[5]), far.iloc[[4]], check_freq=False)


def test_what_is_known_ahead_is_used():
    y_index = pd.RangeIndex(120)
    x = exogenous(pd.RangeIndex(124))
    y = 3 * x["x"].iloc[:120].rename("y") + 0.01 * exogenous(y_index, 1)["x"]
    forecaster = JEPAForecaster(**LINEAR, horizon=4).fit(y, X=x.iloc[:120])
    ahead = forecaster.predict(fh=[1, 2, 3, 4], X=x.iloc[120:])
    np.testing.assert_allclose(ahead, 3 * x["x"].iloc[120:], atol=0.8)
    np.testing.assert_allclose(forecaster.predict(fh=[1, 2, 3, 4], X=x), ahead)
    reversed_x = x.iloc[120:][::-1].set_axis(x.index[120:])
    assert np.abs(forecaster.predict(fh=[1, 2, 3, 4], X=reversed_x) - ahead).max() > 0.5
    in_sample = forecaster.predict(fh=[-3, -2, -1, 0])
    np.testing.assert_allclose(in_sample, y.iloc[-4:], atol=0.8)


def test_covariates_of_a_panel_belong_to_their_series(panel):
    index = panel.index.append(
        pd.MultiIndex.from_tuples(
            [(name, panel.loc[name].index[-1] + lead) for name in "cab" for lead in (1, 2)], names=panel.index.names
        )
    )
    x = exogenous(index)
    y = panel.assign(up=x["x"].reindex(panel.index))[["up"]]
    forecaster = JEPAForecaster(**LINEAR, horizon=2).fit(y, X=x.reindex(panel.index))
    future = x.iloc[len(panel) :]
    forecast = forecaster.predict(fh=[1, 2], X=future)
    np.testing.assert_allclose(forecast["up"], future["x"].reindex(forecast.index), atol=0.4)


def test_a_forecast_in_sample_uses_only_what_came_before(days):
    forecaster = JEPAForecaster(**LINEAR, horizon=2).fit(days)
    changed = copy.deepcopy(forecaster).update(days.iloc[-10:] + 5, update_params=False)
    steps = list(range(-15, 1))
    before, after = forecaster.predict(fh=steps), changed.predict(fh=steps)
    np.testing.assert_array_equal(before.iloc[:7], after.iloc[:7])  # the last of these is the first changed step
    assert (before.iloc[7:] != after.iloc[7:]).all()
    first = forecaster.predict(fh=days.index[:3])
    assert first.isna().tolist() == [True, False, False]


@pytest.mark.parametrize("fh", [[1, 2, 9], [-5, 0], [0, 1]])
def test_quantiles_never_cross(days, fh):
    levels = [0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99]
    quantiles = JEPAForecaster(**LINEAR, horizon=4).fit(days).predict_quantiles(fh=fh, alpha=levels)
    assert quantiles.columns.tolist() == [("y", level) for level in levels]
    assert (np.diff(quantiles.to_numpy(), axis=1) >= 0).all()


def test_missing_values_may_be_anywhere(days, tiny_pretrained):
    days.iloc[[0, 5, 30, 31, 32, 79]] = np.nan
    forecast = JEPAForecaster(pretrained=tiny_pretrained, blocks="both").fit(days, fh=[1, 2, 3]).predict()
    assert np.isfinite(forecast).all()
    x = exogenous(days.index)
    x.iloc[10:20] = np.nan
    with_x = JEPAForecaster(**LINEAR).fit(days, X=x, fh=[1]).predict(X=exogenous(days.index[-1:] + days.index.freq))
    assert np.isfinite(with_x).all()


def test_a_series_without_recent_values_has_no_forecast(panel):
    panel.loc["a", "up"] = np.nan
    forecast = JEPAForecaster(**LINEAR).fit(panel, fh=[1, 2]).predict()
    assert forecast.loc["a", "up"].isna().all()
    assert forecast.loc[["b", "c"]].notna().all(axis=None)
    assert forecast["down"].notna().all()


@pytest.mark.parametrize("length", [1, 2, 5])
def test_the_shortest_series_have_a_forecast(days, tiny, length):
    forecast = JEPAForecaster(**tiny).fit(days[:length], fh=[1, 4]).predict()
    assert np.isfinite(forecast).all()


@pytest.mark.parametrize("freq", ["h", "D", "B", "W", "MS", "ME", "QS-FEB", "2h"])
@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_time_stamps_go_on_at_their_frequency(days, freq, zone):
    times = pd.date_range("2024-01-03", periods=44, freq=freq, tz=zone)
    known = pd.Series(days.iloc[:40].to_numpy(), pd.DatetimeIndex(list(times[:40])))  # the list loses .freq
    forecaster = JEPAForecaster(**LINEAR, horizon=2).fit(known)
    assert list(forecaster.predict(fh=[1, 4]).index) == [times[40], times[43]]
    assert list(forecaster.update(pd.Series([0.0], times[[40]])).predict(fh=[1]).index) == [times[41]]


def test_updating_without_parameters_only_moves_the_present(days):
    forecaster = JEPAForecaster(**LINEAR, horizon=2).fit(days[:70])
    task = forecaster.task_
    forecaster.update(days[70:], update_params=False)
    assert forecaster.task_ is task
    forecast = forecaster.predict(fh=[1, 2])
    np.testing.assert_allclose(forecast, task.predict([days.to_numpy()], 2)[0, :, 0])
    assert forecast.index[0] == pd.Timestamp("2024-03-21")


def test_updating_parameters_fits_all_that_was_seen(days):
    updated = JEPAForecaster(**LINEAR, horizon=2).fit(days[:70]).update(days[70:])
    at_once = JEPAForecaster(**LINEAR, horizon=2).fit(days)
    pd.testing.assert_series_equal(updated.predict(fh=[1, 2]), at_once.predict(fh=[1, 2]))


def test_the_same_seed_gives_the_same_forecast(days, tiny):
    def forecast(seed):
        return JEPAForecaster(**tiny, blocks="both", random_state=seed).fit(days, fh=[1, 2, 3]).predict()

    pd.testing.assert_series_equal(forecast(3), forecast(3))
    assert not np.allclose(forecast(3), forecast(4))


@pytest.mark.parametrize("strategy", ["frozen", "finetune", "online"])
def test_fitting_is_silent_and_leaves_random_generators_alone(days, tiny, strategy, capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    state = torch.get_rng_state()
    JEPAForecaster(**tiny, strategy=strategy).fit(days, fh=[1]).predict_interval()
    assert torch.equal(torch.get_rng_state(), state)
    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []


def test_an_irregular_index_is_an_error_that_says_what_to_do(days):
    with pytest.raises(DataError, match=r"no regular frequency.*asfreq"):
        JEPAForecaster(**LINEAR).fit(days.drop(days.index[[3, 4, 17]]))
    with pytest.raises(DataError, match=r"skips.*before 9"):
        JEPAForecaster(**LINEAR).fit(days.reset_index(drop=True).drop(8))


def test_a_gap_in_one_series_of_a_panel_names_it(panel):
    with pytest.raises(DataError, match=r"of series 'a' skips.*before 2002-01"):
        JEPAForecaster(**LINEAR).fit(panel.drop([("a", pd.Period("2001-12"))]))


@pytest.mark.parametrize("horizon", [0, -3])
def test_a_horizon_must_be_positive(days, horizon):
    with pytest.raises(ValueError, match=f"horizon must be at least 1; got {horizon}"):
        JEPAForecaster(**LINEAR, horizon=horizon).fit(days)


def test_columns_must_stay_the_same(panel):
    y, x = panel[["up"]], panel[["down"]]
    forecaster = JEPAForecaster(**LINEAR).fit(panel)
    with pytest.raises(DataError, match=r"y has columns \['up'\].*fitted on \['up', 'down'\]"):
        forecaster.update(y)
    forecaster = JEPAForecaster(**LINEAR).fit(y, X=panel)
    with pytest.raises(DataError, match=r"X has columns \['down'\]"):
        forecaster.predict(fh=[1], X=x)


def test_exogenous_data_must_reach_as_far_as_the_forecast(days):
    future = pd.date_range("2024-03-21", periods=3, freq="D")
    forecaster = JEPAForecaster(**LINEAR, horizon=2).fit(days, X=exogenous(days.index))
    with pytest.raises(DataError, match="X is missing at 2024-03-21"):
        forecaster.predict(fh=[1])
    with pytest.raises(DataError, match="X is missing at 2024-03-22 00:00:00 and 1 more"):
        forecaster.predict(fh=[1, 2, 3], X=exogenous(future[:1]))
    with pytest.raises(DataError, match="X is missing at 2024-03-21"):
        forecaster.update(pd.Series([0.0], future[:1]))
    assert len(forecaster.predict(fh=[1, 3], X=exogenous(future[[0, 2]]))) == 2


def test_exogenous_data_must_be_there_in_fit(days):
    forecaster = JEPAForecaster(**LINEAR).fit(days, fh=[1])
    with pytest.raises(DataError, match="fitted without X"):
        forecaster.predict(X=exogenous(days.index))


def test_separate_channels_have_encoders_of_their_own_and_survive_an_update(tiny):
    y = pd.DataFrame({"a": np.sin(np.arange(120.0)), "b": np.arange(120.0) % 7})
    forecaster = JEPAForecaster(**tiny, channels="separate").fit(y[:100], fh=[1, 2])
    assert len(forecaster.pretrained_) == 2
    assert forecaster.update(y[100:]).predict().shape == (2, 2)
    with pytest.raises(ConfigError, match="channels must be one of"):
        JEPAForecaster(**tiny, channels="apart").fit(y, fh=[1])


@pytest.mark.parametrize(
    ("index", "early"),
    [
        (pd.date_range("2020-01-01", periods=30, freq="MS"), pd.DatetimeIndex(["2018-05-01", "2019-12-01"])),
        (pd.date_range("2020-01-01", periods=30, freq="D"), pd.DatetimeIndex(["2019-12-20", "2020-01-05"])),
        (pd.period_range("2020-01", periods=30, freq="M"), pd.PeriodIndex(["2019-03", "2020-05"], freq="M")),
        (pd.RangeIndex(100, 130), pd.Index([50, 110])),
    ],
)
def test_absolute_times_before_the_first_step_keep_their_names(index, early):
    y = pd.Series(np.random.default_rng(0).standard_normal(30), index)
    forecast = JEPAForecaster(**LINEAR, horizon=2).fit(y).predict(fh=ForecastingHorizon(early, is_relative=False))
    assert [*forecast.index] == [*early]
    assert forecast.isna().to_numpy().ravel()[0]


@pytest.mark.parametrize(
    ("freq", "times"), [("MS", ["2025-01-31", "2025-02-28"]), ("D", ["2020-09-01 12:00"]), ("D", ["2019-09-01 12:00"])]
)
def test_absolute_times_off_the_grid_are_refused(freq, times):
    y = pd.Series(np.arange(30.0), pd.date_range("2020-01-01", periods=30, freq=freq))
    forecaster = JEPAForecaster(**LINEAR, horizon=2).fit(y)
    with pytest.raises(DataError, match="not on the grid of the series, which has the frequency"):
        forecaster.predict(fh=ForecastingHorizon(pd.DatetimeIndex(times), is_relative=False))


def test_a_panel_cut_out_of_another_is_as_regular_as_it_looks():
    index = pd.MultiIndex.from_product([range(2), pd.date_range("2024-01-01", periods=210, freq="D")])
    daily = pd.DataFrame({"y": np.random.default_rng(0).standard_normal(len(index))}, index)
    weekly = daily[index.get_level_values(1).dayofyear % 7 == 1]
    forecast = JEPAForecaster(**LINEAR).fit(weekly, fh=[1]).predict()
    assert forecast.index.get_level_values(1).unique() == [weekly.index[-1][1] + pd.Timedelta(days=7)]


@pytest.mark.parametrize("length", [3, 4, 5, 8])
def test_forecasts_far_beyond_a_short_history_stay_near_it(length):
    """The map of one step that a few rows give was fed its own forecasts, and grew without bounds."""
    for seed in range(20):
        y = pd.Series(np.random.default_rng(seed).standard_normal(length))
        forecast = JEPAForecaster(blocks="lookback").fit(y, fh=range(1, 13)).predict()
        assert (forecast - y.mean()).abs().max() <= 3 * (y - y.mean()).abs().max()
