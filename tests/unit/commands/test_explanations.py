"""The picture and the table of what made a score."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tjepa_estimators.commands.explanations import explanation_table, plot_explanation
from tjepa_estimators.tasks.anomaly import Explanation


def explanation(steps, channels):
    rng = np.random.default_rng(0)
    shares = rng.random((steps, channels))
    parts = rng.standard_normal((2, steps))
    parts[1, :5] = np.nan
    return Explanation(
        rng.random(steps), ((1, "level"), (4, "level")), parts, shares / shares.sum(axis=1, keepdims=True)
    )


@pytest.mark.parametrize(("steps", "channels"), [(40, 1), (40, 3), (5000, 60)])
@pytest.mark.parametrize("threshold", [0.9, 2.0], ids=["alarms", "quiet"])
def test_a_picture_is_drawn_of_any_size(tmp_path, steps, channels, threshold):
    values = np.random.default_rng(1).standard_normal((steps, channels))
    values[3:6] = np.nan
    values[:, 0] = np.nan if channels > 1 else 1.0
    path = plot_explanation(values, explanation(steps, channels), threshold, tmp_path / "new" / "why.png")
    assert path.stat().st_size > 10_000


def test_time_stamps_and_names_are_shown(tmp_path):
    times = pd.date_range("2024", periods=40, freq="h")
    path = plot_explanation(
        np.ones((40, 2)), explanation(40, 2), 0.5, tmp_path / "why.png", times=times, channels=["flow", "heat"]
    )
    assert path.stat().st_size > 10_000


def test_the_table_holds_score_parts_and_shares_of_each_step():
    told = explanation(40, 2)
    table = explanation_table(told, ["flow", "heat"])
    np.testing.assert_array_equal(table["score"], told.scores)
    np.testing.assert_array_equal(table["4:level"], told.parts[1])
    np.testing.assert_array_equal(table["share of heat"], told.channels[:, 1])
