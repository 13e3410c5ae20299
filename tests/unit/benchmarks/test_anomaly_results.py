from __future__ import annotations

import pytest

pytest.importorskip("benchmarks", reason="installed without its repository")

from benchmarks.anomaly.detectors import Row
from benchmarks.anomaly.results import Result, Results

MEASURES = ("vus_pr", "vus_roc", "auc_pr", "auc_roc", "affiliation_f1", "event_recall", "point_adjusted_f1")
ROWS = {"drawn": Row(lambda *_: None), "fixed": Row(lambda *_: None, is_drawn=False)}


def add(results, series, seed, detector, value=0.5):
    key = {"dataset": "set", "series": series, "seed": seed, "detector": detector, "split": "evaluation"}
    results.record(Result(**dict.fromkeys(MEASURES, value), **key))


def test_results_are_found_again(tmp_path):
    add(Results(tmp_path / "page.md"), "one", 0, "drawn")
    again = Results(tmp_path / "page.md")
    assert again.has(dataset="set", series="one", seed=0, detector="drawn")
    assert not again.has(dataset="set", series="one", seed=1, detector="drawn")


def test_means_are_over_series_that_every_detector_has_scored():
    results = Results(None)
    for detector in ROWS:
        add(results, "one", 0, detector)
    add(results, "two", 0, "drawn")
    assert set(results.complete("evaluation", ROWS)["series"]) == {"one"}


def test_a_seed_counts_once_all_series_are_scored():
    results = Results(None)
    for series in ("one", "two"):
        for detector in ROWS:
            add(results, series, 0, detector)
    add(results, "one", 1, "drawn")
    assert set(results.complete("evaluation", ROWS)["seed"]) == {0}
    add(results, "two", 1, "drawn")
    assert set(results.complete("evaluation", ROWS)["seed"]) == {0, 1}


def test_other_splits_are_left_out():
    results = Results(None)
    for detector in ROWS:
        add(results, "one", 0, detector)
    assert results.complete("development", ROWS).empty
