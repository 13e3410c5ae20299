"""Tables with inputs become trajectories."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tjepa_world import trajectories_from_frame

from tjepa_estimators.errors import DataError


def table(rows=8, **missing):
    frame = pd.DataFrame({"input": np.arange(rows) / 10, "a": np.arange(rows) * 1.0, "b": -np.arange(rows) * 1.0})
    for name, row in missing.items():
        frame.loc[row, name] = np.nan
    return frame


@pytest.mark.parametrize("window", [1, 3])
@pytest.mark.parametrize("length", [None, 2])
def test_each_action_stands_between_what_was_seen_before_and_after_it(window, length):
    found = trajectories_from_frame(table(), ["a", "b"], ["input"], window=window, length=length)
    pairs = [
        (seen[step], done[step, 0], seen[step + 1])
        for seen, done in zip(found.observations, found.actions, strict=True)
        for step in range(len(done))
    ]
    assert len(pairs) == 8 - window, "each step is there once"
    for before, action, after in pairs:
        now = before if window == 1 else before[-1]
        assert now[0] == pytest.approx(10 * action)
        assert (after if window == 1 else after[-1])[0] == now[0] + 1
        if window == 3:
            assert before[:, 1].tolist() == [-now[0] + 2, -now[0] + 1, -now[0]]
    assert length is None or max(map(len, found.actions)) == length


def test_an_unknown_input_ends_a_trajectory_and_an_unknown_observation_does_not():
    found = trajectories_from_frame(table(input=3, a=6), ["a"], ["input"])
    assert [len(one) for one in found.actions] == [3, 3]
    assert np.isnan(found.observations[1][2, 0])


def test_impossible_tables_are_refused():
    with pytest.raises(DataError, match=r"columns \['c'\] are not in the table"):
        trajectories_from_frame(table(), ["c"], ["input"])
    with pytest.raises(DataError, match="holds no 9 rows"):
        trajectories_from_frame(table(), ["a"], ["input"], window=8)


def test_times_that_are_left_out_or_out_of_order_are_refused():
    days = pd.date_range("2026-01-01", periods=8)
    whole = table().set_axis(days)
    assert trajectories_from_frame(whole, ["a"], ["input"]).num_steps == len(whole) - 1
    with pytest.raises(DataError, match="asfreq"):
        trajectories_from_frame(whole.drop(days[3]), ["a"], ["input"])
    with pytest.raises(DataError, match="asfreq"):
        trajectories_from_frame(whole.drop(days[3]).to_period("D"), ["a"], ["input"])
    with pytest.raises(DataError, match="sort_index"):
        trajectories_from_frame(whole.iloc[::-1], ["a"], ["input"])
    gaps = trajectories_from_frame(whole.drop(days[3]).asfreq("D"), ["a"], ["input"])
    assert len(gaps) == 2


def test_a_column_without_numbers_is_refused():
    with pytest.raises(DataError, match="must hold numbers"):
        trajectories_from_frame(table().assign(a="warm"), ["a"], ["input"])


@pytest.mark.parametrize(
    "index",
    [
        pd.period_range("2026-01-01", periods=8, freq="15min"),
        pd.period_range("2026-01-01", periods=8, freq="2h"),
        pd.date_range("2026-01-01", periods=8, freq="2B"),
        pd.date_range("2026-01-01", periods=8, freq="SMS"),
        pd.date_range("2026-03-28", periods=8, freq="D", tz="Europe/Berlin"),
    ],
)
def test_every_regular_index_is_taken(index):
    assert trajectories_from_frame(table().set_axis(index), ["a"], ["input"]).num_steps == 7
