"""The same windows give the same forecasts, whichever library asks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tjepa_estimators import ForecastTask, JEPAForecaster, JEPAModel

# Darts and Lightning announce changes of their own inner workings
pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning:pytorch_lightning.*"),
    pytest.mark.filterwarnings("ignore::UserWarning:torch.*"),
]

HORIZON, CONTEXT = 6, 24


@pytest.fixture
def frame():
    step = np.arange(260)
    rng = np.random.default_rng(0)
    values = {"a": np.sin(step / 3), "b": 50 + 10 * np.cos(step / 5)}
    noisy = {name: value + 0.1 * rng.standard_normal(len(step)) for name, value in values.items()}
    return pd.DataFrame(noisy, index=pd.date_range("2024-01-01", periods=len(step), freq="h"))


@pytest.mark.parametrize("blocks", ["both", "lookback"])
@pytest.mark.parametrize("steps", [HORIZON, 2 * HORIZON], ids=["one block", "rolled out"])
def test_task_forecaster_and_model_agree(frame, tiny_pretrained, blocks, steps):
    from darts import TimeSeries

    task = ForecastTask(
        {"horizon": HORIZON, "context_length": CONTEXT, "blocks": blocks}, pretrained=tiny_pretrained
    ).fit(frame)
    expected = task.predict([frame.to_numpy()], steps)[0]

    forecaster = JEPAForecaster(pretrained=tiny_pretrained, horizon=HORIZON, context_length=CONTEXT, blocks=blocks).fit(
        frame, fh=range(1, steps + 1)
    )
    model = JEPAModel(CONTEXT, HORIZON, pretrained=tiny_pretrained, blocks=blocks)
    model.fit(TimeSeries.from_dataframe(frame), verbose=False)

    scale = frame.to_numpy().std(axis=0)
    np.testing.assert_allclose(forecaster.predict().to_numpy() / scale, expected / scale, atol=1e-6, rtol=0)
    np.testing.assert_allclose(
        model.predict(steps, verbose=False).values() / scale, expected / scale, atol=1e-6, rtol=0
    )
