"""``tjepa forecast`` with an encoder that forecasts by itself."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tjepa_estimators.cli import main


def test_a_zero_shot_forecast_says_that_nothing_was_fitted_and_shows_no_table(tiny_decoding, tmp_path, capsys):
    tiny_decoding.save(tmp_path / "encoder")
    days = pd.date_range("2024-01-01", periods=40, freq="D")
    pd.DataFrame({"day": days, "sales": np.sin(np.arange(40.0))}).to_csv(tmp_path / "daily.csv", index=False)
    encoder, output = tmp_path / "encoder", tmp_path / "forecast.csv"
    line = f"forecast {tmp_path / 'daily.csv'} --pretrained {encoder} --horizon 20 --forecast.strategy zero_shot"
    assert main([*line.split(), "--output", str(output)]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "Nothing was fitted" in shown
    assert "too short" not in shown
    assert "held-out" not in shown
    forecast = pd.read_csv(output)
    assert len(forecast) == 20
    assert (forecast["sales_q0.1"] < forecast["sales_q0.9"]).all()
