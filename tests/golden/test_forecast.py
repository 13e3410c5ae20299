"""The whole way from bundled data to a forecast gives the numbers that it gave when it was last looked at."""

from __future__ import annotations

import numpy as np
import pytest

from tjepa_estimators import ForecastTask, load_domain, pretrain

HORIZON, CONTEXT = 14, 96


@pytest.fixture(scope="module")
def encoder():
    series = [one for name in ("weather", "webtraffic", "crypto") for one in load_domain(name).series("train")]
    config = {"context_length": 96, "future_length": 32, "patch_length": 8}
    return pretrain(series, config=config, train={"steps": 60})


def held_out_error(encoder, blocks):
    """Mean squared error over the test part of the bundled weather, in variances of each column."""
    weather = load_domain("weather")
    train, whole = weather.series("train")[0].values, weather.series("all")[0].values
    task = ForecastTask({"horizon": HORIZON, "context_length": CONTEXT, "blocks": blocks}, pretrained=encoder).fit(
        train
    )
    windows = np.lib.stride_tricks.sliding_window_view(whole[len(train) - CONTEXT :], CONTEXT + HORIZON, axis=0)
    windows = windows.transpose(0, 2, 1)
    error = (task.predict(windows[:, :CONTEXT]) - windows[:, CONTEXT:]) / np.nanstd(train, axis=0)
    return float(np.nanmean(error**2))


@pytest.mark.slow
@pytest.mark.parametrize(("blocks", "golden"), [("lookback", 0.6622), ("both", 0.6622)])
def test_weather_is_forecast_as_well_as_before(encoder, blocks, golden):
    assert held_out_error(encoder, blocks) == pytest.approx(golden, rel=0.02)


@pytest.mark.slow
def test_pretraining_stays_healthy(encoder):
    health = encoder.info.provenance.diagnostics
    assert health["lift_over_mean"] > 0.0
    assert health["lift_over_copy"] > 0.0
    assert health["rank"] > 5.0
