"""The weights that come with the package: small, whole, free to ship, and worth their place."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pandas as pd
import pytest

from tjepa_estimators import ForecastTask, JEPAForecaster, PretrainedEncoder, load_domain
from tjepa_estimators.artifact import BUNDLED

FREE = ("public domain", "CC0", "CC BY 4.0", "ODC-By")
"""Licences that allow derived works."""


@pytest.fixture(scope="module", params=BUNDLED)
def name(request):
    return request.param


def test_they_are_under_two_megabytes_with_their_card(name):
    folder = files("tjepa_estimators") / "weights" / name
    content = {one.name: one.read_bytes() for one in folder.iterdir()}
    assert set(content) == {"README.md", "config.json", "model.safetensors"}
    assert sum(map(len, content.values())) < 2e6
    card = content["README.md"].decode()
    for said in ("Training data", "Domains, on windows kept from training", "python -m benchmarks.tiny", "CRPS"):
        assert said in card


def test_every_source_allows_derived_works(name):
    sources = PretrainedEncoder.load(name).info.provenance.data
    assert sources
    assert all(source["licence"].startswith(FREE) for source in sources), sources


def test_a_season_is_continued_without_any_fitting(name):
    time = np.arange(600.0)
    day = 20 + 5 * np.sin(2 * np.pi * time / 24) + 2 * np.sin(2 * np.pi * time / 12 + 1)
    noise = np.random.default_rng(0).normal(0, 0.5, 600)
    task = ForecastTask({"horizon": 48, "strategy": "zero_shot"}, pretrained=name).fit((day + noise)[:552])
    (forecast,) = task.predict([(day + noise)[:552]])
    error = np.abs(forecast[:, 0] - day[552:]).mean()
    assert error < 0.5 * np.abs(np.diff(day)).mean()


def test_intervals_hold_about_what_they_promise(name):
    (one,) = load_domain("weather").series("all")
    origins = len(one) - 56 * np.arange(1, 7)  # one origin alone would judge the weather of one winter
    histories = [one.values[:origin] for origin in origins]
    future = np.stack([one.values[origin : origin + 56] for origin in origins])
    task = ForecastTask({"horizon": 56, "strategy": "zero_shot"}, pretrained=name).fit(histories[-1])
    low, high = np.moveaxis(task.predict(histories, quantiles=[0.1, 0.9]), -1, 0)
    assert 0.65 < np.mean((future >= low) & (future <= high)) < 0.95


def test_sktime_forecasts_at_once(name):
    y = pd.Series(np.arange(100.0) % 7, index=pd.date_range("2024-01-01", periods=100, freq="D"))
    forecast = JEPAForecaster(pretrained=name, strategy="zero_shot").fit(y, fh=range(1, 8)).predict()
    np.testing.assert_allclose(forecast, (np.arange(100, 107) % 7).astype(float), atol=1.0)
