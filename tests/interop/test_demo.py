"""The demo: its protocol is fair, its tables name every control, and what is missing is said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import tjepa_estimators
from tjepa_estimators import PretrainedEncoder, load_domain
from tjepa_estimators.cli import main
from tjepa_estimators.commands import demo
from tjepa_estimators.commands.demo.forecasting import CONTROLS, JEPA, METHODS
from tjepa_estimators.commands.demo.protocol import Case, forecast_naively, rmsse
from tjepa_estimators.commands.demo.report import MEAN, verdict

FORECAST = ("stocks", "stock_returns", "crypto", "weather", "weather_hourly", "webtraffic", "ecommerce")


@pytest.mark.parametrize("name", FORECAST)
def test_every_forecast_begins_after_all_that_was_trained_on(name):
    case = Case.of(name, most_cutoffs=30)
    last_seen = max(one.index[-1] for one in load_domain(name).series("train"))
    for one in case.full:
        assert one.index[case.cutoffs[0]] > last_seen
        assert case.cutoffs[-1] + case.horizon <= len(one)
    assert len(case.cutoffs) >= 10
    assert set(np.diff(case.cutoffs)) == {case.stride}


def test_the_truth_has_no_error_and_the_score_knows_no_scale():
    case = Case.of("crypto", most_cutoffs=4)
    assert rmsse(case, case.truth()) == 0
    error = rmsse(case, forecast_naively(case, 1))
    assert rmsse(case, case.truth() + 2 * (forecast_naively(case, 1) - case.truth())) == pytest.approx(2 * error)


def test_naive_forecasts_repeat_what_was_seen_last():
    case = Case.of("weather_hourly", most_cutoffs=3)
    last, season = forecast_naively(case, 1), forecast_naively(case, 24)
    assert (last == last[:, :, :1]).all()
    known = case.full[0].values[case.cutoffs[1] - 24 : case.cutoffs[1]]
    assert np.array_equal(season[0, 1][np.isfinite(known)], known[np.isfinite(known)])
    assert np.isfinite(season).all()


def test_the_verdict_names_where_a_control_is_better():
    scores = pd.DataFrame({"a": 1.0, "b": 1.0, MEAN: 1.0}, index=METHODS)
    scores.loc[JEPA] = [0.9, 1.1, 1.0]
    lines = verdict(scores)
    assert len(lines) == len(CONTROLS)
    assert all("NOT at or below it in b (+10.0%)" in line for line in lines)
    scores.loc[JEPA] = [0.9, 1.0, 0.95]
    assert all("-5.0% on average; at or below it in every domain" in line for line in verdict(scores))


@pytest.mark.slow
def test_the_demo_shows_every_control_and_writes_everything(tmp_path, capsys):
    pytest.importorskip("sktime")
    pytest.importorskip("darts")
    assert main(["demo", "--fast", "--steps", "10", "--output", str(tmp_path / "demo")]) == 0
    shown = capsys.readouterr().out
    table = pd.read_csv(tmp_path / "demo" / "forecasts.csv", index_col="method")
    assert list(table.index) == list(METHODS)
    assert np.isfinite(table.to_numpy()).all()
    backtest = pd.read_csv(tmp_path / "demo" / "backtest.csv", index_col="method").iloc[0]
    assert backtest.to_dict() == pytest.approx(table.loc[JEPA, backtest.index].to_dict(), rel=0.01)
    detection = pd.read_csv(tmp_path / "demo" / "detection.csv", index_col="method")["AUC-PR"]
    assert {"random", "k-NN on raw windows", "random encoder", JEPA} == set(detection.index)
    assert detection[JEPA] > detection["random"]
    for plot in ("forecasts.png", "errors.png", "ecg.png", "embeddings.png"):
        assert (tmp_path / "demo" / plot).stat().st_size > 10_000
    page = (tmp_path / "demo" / "results.md").read_text()
    assert all(f"JEPA against {control}" in shown and f"JEPA against {control}" in page for control in CONTROLS)
    provenance = PretrainedEncoder.load(tmp_path / "demo" / "encoder").info.provenance
    assert {source["name"]: bool(source["licence"]) for source in provenance.data} == dict.fromkeys(
        ("crypto", "weather", "ecommerce", "ecg"), True
    )


def test_what_needs_a_missing_library_is_skipped_with_the_way_to_install_it(monkeypatch, capsys):
    def import_nothing(module):
        message = "No module named 'darts'"
        raise ModuleNotFoundError(message, name="darts")

    monkeypatch.delitem(vars(tjepa_estimators), "JEPAModel", raising=False)
    monkeypatch.setattr(tjepa_estimators, "import_module", import_nothing)
    assert demo._unless_missing(lambda: demo.backtest_with_darts(Case.of("crypto", 2), None)) is None
    assert 'pip install "tjepa-estimators[darts]"' in capsys.readouterr().out
