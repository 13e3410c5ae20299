"""A forecast that an encoder decodes leaves as one graph too: its search for a period, its quantiles."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tjepa_estimators import ForecastTask, export_forecaster
from tjepa_estimators.tasks.choice import HeadChoice

LEVELS = [0.02, 0.5, 0.9]
TOLERANCE = 1e-5  # of the scale of a window


@pytest.fixture
def windows():
    """Waves of some periods, gaps within and at the end, a short history, and no value at all."""
    noise = np.random.default_rng(1).standard_normal((6, 24, 1))
    values = 100 + 7 * (np.sin(np.arange(24)[None, :, None] / np.arange(1, 7)[:, None, None]) + 0.2 * noise)
    values[1, 5:9] = values[2, :10] = values[3, -3:] = values[4] = np.nan
    return values


@pytest.fixture(params=["zero_shot", "frozen"])
def task(request, tiny_decoding, waves, monkeypatch):
    """A decoded forecast as it is, and one that a head corrects; 12 steps take two blocks of the encoder."""
    from tjepa_estimators.tasks import head

    choose = head.choose_head
    monkeypatch.setattr(head, "choose_head", lambda *given: HeadChoice("decoded", choose(*given).blocks))
    config = {"horizon": 12, "context_length": 24, "strategy": request.param}
    return ForecastTask(config, pretrained=tiny_decoding).fit(waves)


def check_same(forecast, expected):
    np.testing.assert_allclose(forecast / 7, expected / 7, rtol=0, atol=TOLERANCE, equal_nan=True)


@pytest.mark.parametrize("levels", [None, LEVELS])
def test_a_decoded_forecast_agrees_with_predict_for_any_batch(task, windows, levels):
    program = export_forecaster(task, quantiles=levels)
    for rows in (1, 6):
        forecast = program.module()(torch.tensor(windows[:rows])).numpy()
        check_same(forecast, task.predict(windows[:rows], quantiles=levels))


def test_a_decoder_that_the_head_does_not_use_is_left_behind(tiny_decoding, waves, windows):
    config = {"horizon": 4, "context_length": 24}
    task = ForecastTask(config, pretrained=tiny_decoding).fit(waves)
    assert task.report_.centre != "decoded"
    program = export_forecaster(task, quantiles=LEVELS)
    assert not any("decoder" in name for name in program.state_dict)
    check_same(program.module()(torch.tensor(windows)).numpy(), task.predict(windows, quantiles=LEVELS))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore:overflow encountered in cast:RuntimeWarning")
def test_decoded_quantiles_become_onnx_and_agree(tiny_decoding, windows, tmp_path):
    pytest.importorskip("onnxscript", reason='needs pip install "tjepa-estimators[onnx]"')
    onnx = pytest.importorskip("onnxruntime", reason='needs pip install "tjepa-estimators[onnx]"')
    task = ForecastTask({"horizon": 12, "strategy": "zero_shot"}, pretrained=tiny_decoding).fit(windows[0])
    path = tmp_path / "forecast.onnx"
    program = export_forecaster(task, quantiles=LEVELS)
    torch.onnx.export(program, f=path, output_names=["forecast"], verbose=False)
    session = onnx.InferenceSession(path)
    for rows in (1, 6):
        (forecast,) = session.run(["forecast"], {"values": windows[:rows]})
        check_same(forecast, task.predict(windows[:rows], quantiles=LEVELS))
