"""A forecaster leaves as one graph of torch or ONNX, and forecasts there what it forecasts here."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache

import numpy as np
import pytest
import torch

from tjepa_estimators import ForecastTask, JEPAForecaster, export_forecaster
from tjepa_estimators.errors import ConfigError, NotFittedError
from tjepa_estimators.nn.scan import scan_backend
from tjepa_estimators.tasks.covariates import Covariates
from tjepa_estimators.tasks.export import ForecastGraph

HORIZON, CONTEXT, CHANNELS = 6, 32, 2
JEPA = {
    "context_length": 24,
    "future_length": 8,
    "patch_length": 4,
    "dim": 16,
    "predictor_dim": 8,
    "predictor_heads": 2,
}
ENCODERS = ["mamba", "mamba2", "transmamba", "transformer", "performer"]
WITH_KERNELS = {"mamba", "mamba2", "transmamba"}
TOLERANCE = 1e-5  # of the scale of a window

RUN = """
import sys
import numpy as np, torch
if sys.argv[1] == "fast":
    import tjepa_estimators.nn.scan
program = torch.export.load("forecast.pt2")
assert sys.argv[1] == "fast" or not any(name.startswith("tjepa") for name in sys.modules)
np.save("forecast.npy", program.module()(torch.from_numpy(np.load("values.npy"))).numpy())
"""


def waves(steps=300):
    noise = np.random.default_rng(0).standard_normal((steps, CHANNELS))
    return np.sin(np.arange(steps)[:, None] / [5.0, 7.0]) + 0.1 * noise


@cache
def fitted(encoder, **options):
    """A forecaster whose head, unlike most fitted on waves, listens to the encoder."""
    if encoder == "performer":
        pytest.importorskip("tjepa_performer")
    task = ForecastTask(
        {"horizon": HORIZON, "context_length": CONTEXT, "blocks": "both"},
        encoder=encoder,
        encoder_config={"depth": 2} | options,
        jepa=JEPA,
        train={"steps": 2},
    ).fit(waves())
    with torch.no_grad():
        torch.nn.init.normal_(task.network_.head.weight, std=0.2, generator=torch.Generator().manual_seed(0))
    return task


@pytest.fixture(scope="module")
def windows():
    """Whole windows, gaps within and at the end, a short history, and a channel without any value."""
    values = 100 + 7 * np.random.default_rng(1).standard_normal((5, CONTEXT, CHANNELS))
    values[1, 5:9, 0] = values[2, :20, 1] = values[3, :, 0] = values[4, -3:, 1] = np.nan
    return values


def run(program, values):
    return program.module()(torch.tensor(values)).numpy()


def check_same(forecast, expected):
    np.testing.assert_allclose(forecast / 7, expected / 7, rtol=0, atol=TOLERANCE, equal_nan=True)


def operators(program):
    return [str(node.target) for node in program.graph.nodes if node.op == "call_function"]


@pytest.mark.slow
@pytest.mark.parametrize("portable", [True, False], ids=["portable", "fast"])
@pytest.mark.parametrize("encoder", ENCODERS)
def test_an_exported_forecaster_agrees_with_predict_for_any_batch(encoder, portable, windows):
    task = fitted(encoder)
    program = export_forecaster(task, portable=portable)
    for rows in (1, 2, 5):
        check_same(run(program, windows[:rows]), task.predict(windows[:rows]))
    has_kernels = any(name.startswith("tjepa.") for name in operators(program))
    assert has_kernels == (encoder in WITH_KERNELS and not portable)


@pytest.mark.slow
@pytest.mark.parametrize(("encoder", "backend"), [("mamba", "torch"), *((encoder, "numba") for encoder in ENCODERS)])
def test_the_strict_tracer_takes_it_too(encoder, backend, windows):
    task = fitted(encoder)
    batch = {0: torch.export.Dim("batch")}
    with scan_backend(backend):
        program = torch.export.export(
            ForecastGraph(task), (torch.from_numpy(windows[:2]),), dynamic_shapes=(batch,), strict=True
        )
    check_same(run(program, windows), task.predict(windows))


def test_a_scan_is_one_operator_or_operators_of_torch_alone():
    task = fitted("mamba")
    assert operators(export_forecaster(task, portable=False)).count("tjepa.selective_scan.default") == 4  # 2 ways
    portable = operators(export_forecaster(task))
    assert all(name.startswith(("aten.", "<built-in function")) for name in portable)


@pytest.mark.parametrize("kind", ["portable", "fast"])
def test_a_new_process_forecasts_with_the_saved_file(kind, windows, tmp_path):
    task = fitted("mamba")
    torch.export.save(export_forecaster(task, portable=kind == "portable"), tmp_path / "forecast.pt2")
    np.save(tmp_path / "values.npy", windows)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-c", RUN, kind], cwd=tmp_path, env=environment, check=True, capture_output=True)
    check_same(np.load(tmp_path / "forecast.npy"), task.predict(windows))


def test_quantiles_are_those_of_predict(windows):
    task, levels = fitted("transformer"), [0.1, 0.5, 0.9]
    program = export_forecaster(task, quantiles=levels)
    check_same(run(program, windows), task.predict(windows, quantiles=levels))


def test_a_forecaster_of_sktime_is_exported_as_it_is():
    import pandas as pd

    frame = pd.DataFrame(waves(120), columns=["a", "b"])
    forecaster = JEPAForecaster(blocks="lookback", horizon=HORIZON, context_length=CONTEXT)
    expected = forecaster.fit(frame, fh=range(1, HORIZON + 1)).predict().to_numpy()
    forecast = run(export_forecaster(forecaster), frame.to_numpy()[None, -CONTEXT:])[0]
    np.testing.assert_allclose(forecast, expected, atol=TOLERANCE, rtol=0)


def test_an_encoder_that_the_head_does_not_use_is_left_behind(windows):
    task = ForecastTask(
        {"horizon": HORIZON, "context_length": CONTEXT, "blocks": "both"}, jepa=JEPA, train={"steps": 1}
    ).fit(waves())
    with torch.no_grad():
        task.network_.head.weight[:, task.network_.blocks["latents"]] = 0.0
    program = export_forecaster(task)
    assert list(program.state_dict) == ["network.head.weight", "network.latent_mean"]
    check_same(run(program, windows), task.predict(windows))


def test_gradient_checkpointing_leaves_no_trace_in_the_graph():
    plain, checkpointed = (
        export_forecaster(fitted("transformer", gradient_checkpointing=wanted)) for wanted in (False, True)
    )
    assert operators(plain) == operators(checkpointed)


def test_exporting_changes_nothing_about_the_forecaster(windows):
    task = fitted("mamba")
    before, weights = task.predict(windows), {name: one.clone() for name, one in task.network_.state_dict().items()}
    export_forecaster(task)
    assert all(torch.equal(one, weights[name]) for name, one in task.network_.state_dict().items())
    np.testing.assert_array_equal(task.predict(windows), before)


@pytest.mark.parametrize("forecaster", [ForecastTask(), JEPAForecaster()], ids=lambda one: type(one).__name__)
def test_one_that_is_not_fitted_is_told_so(forecaster):
    with pytest.raises(NotFittedError, match=f"{type(forecaster).__name__} is not fitted; call fit"):
        export_forecaster(forecaster)


def test_covariates_cannot_be_exported():
    task = ForecastTask({"horizon": 2, "context_length": 8, "blocks": "lookback"})
    task.fit(waves(60), Covariates(known=[np.arange(60.0)]))
    with pytest.raises(ConfigError, match="fitted with covariates"):
        export_forecaster(task)


def test_quantiles_lie_between_0_and_1():
    with pytest.raises(ConfigError, match=r"between 0 and 1; got \[0.5, 1\]"):
        export_forecaster(fitted("transformer"), quantiles=[0.5, 1])


def test_what_is_no_forecaster_is_refused():
    with pytest.raises(ConfigError, match="A dict cannot be exported; give a fitted ForecastTask or JEPAForecaster"):
        export_forecaster({})


def test_an_encoder_that_chooses_by_its_values_is_named(monkeypatch):
    task = fitted("transformer")
    encoder = task.network_.backbone.encoder
    monkeypatch.setattr(encoder, "forward", lambda x, padding: x if x.sum() > 0 else -x)
    with pytest.raises(ConfigError, match=r"cannot trace the encoder 'transformer': .*data-dependent"):
        export_forecaster(task)


# What the converter says about its own future, and about constants beyond the range of float32.
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore:overflow encountered in cast:RuntimeWarning")
class TestONNX:
    @pytest.fixture(autouse=True)
    def onnx(self):
        pytest.importorskip("onnxscript", reason='needs pip install "tjepa-estimators[onnx]"')
        return pytest.importorskip("onnxruntime", reason='needs pip install "tjepa-estimators[onnx]"')

    @pytest.mark.slow
    @pytest.mark.parametrize("encoder", ENCODERS)
    def test_a_portable_program_becomes_onnx_and_agrees(self, onnx, encoder, windows, tmp_path):
        task = fitted(encoder)
        path = tmp_path / "forecast.onnx"
        torch.onnx.export(export_forecaster(task), f=path, output_names=["forecast"], verbose=False)
        session = onnx.InferenceSession(path)
        for rows in (1, 5):
            (forecast,) = session.run(["forecast"], {"values": windows[:rows]})
            check_same(forecast, task.predict(windows[:rows]))

    def test_onnx_has_no_operator_for_our_kernels(self, tmp_path):
        program = export_forecaster(fitted("mamba"), portable=False)
        with pytest.raises(torch.onnx.OnnxExporterError, match=r"tjepa\.causal_conv1d"):
            torch.onnx.export(program, f=tmp_path / "forecast.onnx", verbose=False)

    @pytest.mark.slow
    def test_the_method_of_darts_does_it_for_its_models(self, onnx, tmp_path):
        from darts import TimeSeries
        from darts.utils.onnx import run_onnx_prediction

        from tjepa_estimators import JEPAModel

        series = TimeSeries.from_values(waves())
        known = TimeSeries.from_values(np.cos(np.arange(320.0) / 3))
        model = JEPAModel(CONTEXT, HORIZON, encoder="mamba", config=JEPA, blocks="both", train={"steps": 1})
        model.fit(series, future_covariates=known, verbose=False)
        with torch.no_grad():
            torch.nn.init.normal_(model.model.network.head.weight, std=0.1)
        expected = model.predict(HORIZON, verbose=False).values()
        with scan_backend("torch"):
            model.to_onnx(str(tmp_path / "model.onnx"), verbose=False)
        session = onnx.InferenceSession(tmp_path / "model.onnx")
        given = {"series": series.astype("f"), "future_covariates": known.astype("f")}
        forecast = run_onnx_prediction(n=HORIZON, session=session, **given)
        np.testing.assert_allclose(forecast.values(), expected, atol=TOLERANCE, rtol=0)
