from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("benchmarks", reason="installed without its repository")
pytest.importorskip("utilsforecast", reason="comes with the extras [bench] and [dev]")

from utilsforecast import losses

from benchmarks.zero_shot.measures import judge
from benchmarks.zero_shot.windows import LEVELS, Windows


def windows(histories, truth, series=None, season=1):
    histories, truth = np.array(histories, float), np.array(truth, float)
    return Windows(season, tuple(series or (f"{place}" for place in range(len(truth)))), histories, truth)


def certain(medians):
    """A forecast without spread."""
    return np.repeat(np.array(medians, float)[..., None], len(LEVELS), axis=-1)


def test_mase_is_the_error_in_units_of_the_seasonal_difference_of_the_history():
    given = windows([[0.0, 10.0, 4.0, 14.0]], [[5.0, 15.0]], season=2)  # scale 4
    assert judge(certain([[7.0, 11.0]]), given).mase == pytest.approx(3.0 / 4.0)


def test_windows_of_a_series_share_one_scale_and_series_count_alike():
    histories, truth = [[0.0, 1.0], [0.0, 3.0], [0.0, 1.0]], [[1.0], [1.0], [1.0]]
    found = judge(certain([[2.0], [4.0], [6.0]]), windows(histories, truth, ["a", "a", "b"]))
    assert found.mase == pytest.approx(((1.0 + 3.0) / (1.0 + 3.0) + 5.0 / 1.0) / 2)


def test_crps_of_a_forecast_without_spread_is_its_mase():
    generator = np.random.default_rng(0)
    given = windows(generator.normal(size=(5, 20)), generator.normal(size=(5, 3)))
    found = judge(certain(generator.normal(size=(5, 3))), given)
    assert found.crps == pytest.approx(found.mase)


def test_crps_is_twice_the_mean_quantile_loss():
    given = windows([[0.0, 2.0]], [[1.0]])
    forecast = np.array(LEVELS)[None, None] * 10  # quantiles 1 to 9, truth at the lowest
    losses = [(1 - level) * (10 * level - 1.0) for level in LEVELS]
    assert judge(forecast, given).crps == pytest.approx(2 * np.mean(losses) / 2.0)


def test_wql_is_relative_to_the_sum_of_the_truth_of_all_series():
    given = windows([[0.0, 1.0], [0.0, 1.0]], [[10.0, -30.0], [50.0, 10.0]])
    assert judge(certain([[12.0, -30.0], [50.0, 13.0]]), given).wql == pytest.approx(5.0 / 100.0)


def test_steps_without_truth_are_left_out():
    given = windows([[0.0, 1.0]], [[3.0, np.nan]])
    assert judge(certain([[5.0, 99.0]]), given).mase == pytest.approx(2.0)


def test_gaps_in_the_history_do_not_count_for_the_scale():
    given = windows([[np.nan, 0.0, 2.0, np.nan]], [[1.0]])
    assert judge(certain([[2.0]]), given).mase == pytest.approx(0.5)


def test_a_series_that_never_changed_has_no_scale_to_be_judged_in():
    given = windows([[5.0, 5.0], [0.0, 1.0]], [[6.0], [1.0]])
    assert judge(certain([[5.0], [3.0]]), given).mase == pytest.approx(2.0)


def test_changes_are_shares_of_the_last_observed_value():
    given = windows([[100.0, 200.0, np.nan]], [[210.0, 190.0]])  # changes 10 and -20
    found = judge(certain([[200.0, 204.0]]), given)  # changes 0 and 4
    assert found.change_mae == pytest.approx((10.0 + 24.0) / 2 / 200.0)
    assert found.change_mse == pytest.approx((10.0**2 + 24.0**2) / 2 / 200.0**2)
    assert found.direction == 0.0


def test_repeating_the_last_value_tells_no_direction():
    assert np.isnan(judge(certain([[2.0, 2.0]]), windows([[1.0, 2.0]], [[3.0, 4.0]])).direction)


def test_mase_of_single_windows_is_that_of_utilsforecast():
    generator = np.random.default_rng(0)
    given = windows(generator.normal(size=(4, 30)), generator.normal(size=(4, 6)), season=7)
    told = generator.normal(size=(4, 6))
    frame, train = (
        pd.DataFrame(
            {
                "unique_id": np.repeat(given.series, values.shape[1]),
                "ds": np.tile(np.arange(begin, begin + values.shape[1]), 4),
                "y": values.ravel(),
            }
        )
        for begin, values in ((30, given.truth), (0, given.histories))
    )
    theirs = losses.mase(frame.assign(told=told.ravel()), ["told"], seasonality=7, train_df=train)["told"].mean()
    assert judge(certain(told), given).mase == pytest.approx(theirs)
