from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("benchmarks", reason="installed without its repository")

from benchmarks.transfer.comparison import improvement
from benchmarks.transfer.domain import CONTEXT, HORIZON, Domain, Record, cut, history
from benchmarks.transfer.held import Held, Measures, held_windows, judge
from benchmarks.transfer.results import Results
from benchmarks.transfer.rows import OURS, RIDGE, SCRATCH, tuning_steps
from benchmarks.transfer.runs import NONE, run

TRAIN, VALIDATION, STEPS = 400, 500, 620


def record(name="one", steps=STEPS, scale=1.0):
    values = scale * np.random.default_rng(0).normal(size=steps).cumsum().astype(np.float32)
    return Record(name, values, (min(TRAIN, steps), min(VALIDATION, steps)))


def domain(*records, season=7):
    return Domain("domain", records or (record(),), season)


def last(held):
    return np.repeat(held.contexts[:, -1:], HORIZON, axis=1)


def test_a_history_is_the_end_of_the_training_part():
    one = record()
    short = history(one, 5)
    assert len(short) == CONTEXT + HORIZON + round(0.05 * one.num_windows) - 1
    np.testing.assert_array_equal(short, one.values[TRAIN - len(short) : TRAIN])


def test_a_history_of_all_windows_is_the_training_part():
    np.testing.assert_array_equal(history(record(), 100), record().train)


def test_a_history_holds_one_window_at_least():
    assert len(history(Record("short", np.zeros(300), (160, 200)), 1)) == CONTEXT + HORIZON


def test_series_are_cut_at_moments_and_begin_with_their_first_value():
    table = pd.DataFrame({"late": [np.nan, 1.0, 2.0, 3.0]}, index=pd.date_range("2020-01-01", periods=4))
    (one,) = cut(table, ("2020-01-03", "2020-01-04"))
    assert (one.values.tolist(), one.ends) == ([1.0, 2.0, 3.0], (1, 2))


def test_a_series_that_ends_before_the_test_part_is_a_source_only():
    both = domain(record("one"), record("early", steps=300))
    assert [one.name for one in both.targets] == ["one"]
    assert len(both.sources) == 2


@pytest.mark.parametrize(("split", "begin", "end"), [("validation", TRAIN, VALIDATION), ("test", VALIDATION, STEPS)])
def test_what_is_forecast_lies_in_the_split_and_contexts_before_it(split, begin, end):
    steps = Record("steps", np.arange(STEPS, dtype=float), (TRAIN, VALIDATION))
    (held,) = held_windows(domain(steps), split)
    assert (held.truth.min(), held.truth.max()) == (begin, end - 1)
    np.testing.assert_array_equal(held.contexts[:, -1] + 1, held.truth[:, 0])


def test_the_season_before_was_known_when_the_forecast_was_made():
    steps = Record("steps", np.arange(STEPS, dtype=float), (TRAIN, VALIDATION))
    (held,) = held_windows(domain(steps, season=7), "test")
    assert (held.season < held.truth[:, :1]).all()
    np.testing.assert_array_equal((held.truth - held.season) % 7, 0)


def test_a_season_may_lie_outside_the_context():
    steps = Record("steps", np.arange(STEPS, dtype=float), (TRAIN, VALIDATION))
    (held,) = held_windows(domain(steps, season=365), "test")
    np.testing.assert_array_equal(held.truth - held.season, 365)


def test_measures_do_not_depend_on_the_units_of_a_series():
    small, large = (judge(last, held_windows(domain(record(scale=scale)), "test")) for scale in (1.0, 1000.0))
    assert (small.mse, small.mase) == pytest.approx((large.mse, large.mase), rel=1e-4)


def test_repeating_the_last_value_forecasts_nothing_of_the_changes():
    assert judge(last, held_windows(domain(), "test")).returns == pytest.approx(0.0, abs=1e-6)


def test_a_series_that_goes_wild_counts_as_any_other():
    def held(error):
        return Held(np.zeros((1, 4)), np.full((1, 2), error), np.zeros((1, 2)), unit=1.0, change=1.0)

    both = judge(lambda one: np.zeros_like(one.truth), [held(1.0), held(100.0)])
    assert both.mse == pytest.approx(100.0)
    assert both.plain_mse == pytest.approx(5000.5)


def test_more_windows_are_tuned_on_for_more_steps_within_limits():
    steps = [tuning_steps(windows) for windows in (1, 500, 10**6)]
    assert steps == sorted(set(steps))


def keep(results, mse, source, row, seed):
    where = {"target": "target", "source": source, "share": 5, "row": row, "seed": seed}
    results.record(Measures(mse, mse, mse, mse, 0.0), **where)


def test_results_are_found_again(tmp_path):
    keep(Results(tmp_path / "page.md"), 1.0, "source", OURS, 0)
    again = Results(tmp_path / "page.md")
    assert again.has(target="target", source="source", share=5, row=OURS, seed=0)
    assert not again.has(target="target", source="source", share=10, row=OURS, seed=0)


def test_improvement_is_taken_seed_by_seed():
    results = Results(None)
    for seed, (scratch, ours) in enumerate([(1.0, 0.9), (2.0, 1.8)]):
        keep(results, scratch, NONE, SCRATCH, seed)
        keep(results, ours, "source", OURS, seed)
    assert improvement(results, (SCRATCH, OURS), "source", "target", 5) == "+10.0 ± 0.0"


def test_a_control_that_draws_nothing_stands_for_all_seeds():
    results = Results(None)
    keep(results, 1.0, NONE, RIDGE, 0)
    for seed in range(2):
        keep(results, 0.5, "source", OURS, seed)
    assert improvement(results, (RIDGE, OURS), "source", "target", 5) == "+50.0 ± 0.0"


def test_rows_run_as_often_as_they_differ():
    results, one = Results(None), domain()
    names = ["repeat-last", RIDGE, "ridge of the source"]
    run(results, lambda _: one, [("a", "b"), ("c", "b")], shares=(10, 100), seeds=2, rows=names)
    assert results.table.groupby("row").size().to_dict() == {"repeat-last": 1, RIDGE: 2, "ridge of the source": 2}
