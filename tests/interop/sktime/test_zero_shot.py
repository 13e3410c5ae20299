"""sktime's forecaster with an encoder that decodes: a forecast at once, for any number of series of any length."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tjepa_estimators.errors import ConfigError, DataError
from tjepa_estimators.interop.sktime import JEPAForecaster


@pytest.fixture
def make(tiny_decoding):
    return lambda **changes: JEPAForecaster(**{"pretrained": tiny_decoding, "strategy": "zero_shot", **changes})


def test_a_forecast_beyond_the_block_of_the_encoder_is_what_it_decodes(make, days, tiny_decoding):
    fh = range(1, 21)  # 8 steps are decoded at once
    forecaster = make().fit(days, fh=fh)
    forecast = forecaster.predict()
    assert forecaster.task_.config.horizon == 20
    expected = forecaster.task_.predict([days.to_numpy()], 20)[0]
    np.testing.assert_allclose(forecast.to_numpy().reshape(20, -1), expected)
    assert len(forecaster.predict(fh=range(1, 31))) == 30


def test_nothing_is_learned_from_the_series(make, days):
    fitted = make(horizon=4).fit(days)
    other = make(horizon=4).fit(100.0 * days[:5]).update(days)
    np.testing.assert_allclose(other.predict(fh=[1, 4]), fitted.predict(fh=[1, 4]))


@pytest.mark.parametrize("levels", [1, 2])
def test_panels_and_hierarchies_are_forecast_as_their_series_are_one_by_one(make, panel, levels):
    frame = panel if levels == 1 else pd.concat({"north": panel, "south": 3.0 * panel}, names=["region"])
    forecaster = make(horizon=4).fit(frame)
    forecast = forecaster.predict(fh=[1, 3])
    assert forecast.index.names == frame.index.names
    keys = list(range(levels))
    found = dict(list(forecast.groupby(level=keys)))
    for name, series in frame.groupby(level=keys, sort=False):
        alone = forecaster.task_.predict([series.to_numpy()], 4)[0][[0, 2]]
        np.testing.assert_allclose(found[name], alone, rtol=1e-5, atol=1e-9)


def test_quantiles_and_intervals_surround_the_forecast(make, days):
    forecaster = make(horizon=4).fit(days)
    quantiles = forecaster.predict_quantiles(fh=[1, 4, 9], alpha=[0.1, 0.5, 0.9]).to_numpy()
    assert (np.diff(quantiles, axis=1) > 0).all()
    interval = forecaster.predict_interval(fh=[1, 4, 9], coverage=0.8).to_numpy()
    np.testing.assert_allclose(interval, quantiles[:, [0, 2]])


def test_an_update_moves_on_without_fitting(make, days):
    forecaster = make(horizon=4).fit(days[:50])
    moved = forecaster.update(days[50:]).predict(fh=[1, 2])
    np.testing.assert_allclose(moved, make(horizon=4).fit(days).predict(fh=[1, 2]))


def test_exogenous_data_is_refused(make, days):
    with pytest.raises(DataError, match="cannot learn what covariates mean"):
        make().fit(days, X=pd.DataFrame({"x": np.zeros(len(days))}, days.index))


def test_an_encoder_is_needed(make, days):
    with pytest.raises(ConfigError, match="needs an encoder that has learned to forecast"):
        make(pretrained=None).fit(days)
