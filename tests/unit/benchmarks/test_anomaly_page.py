from __future__ import annotations

import pandas as pd
import pytest

pytest.importorskip("benchmarks", reason="installed without its repository")

from benchmarks.anomaly.detectors import OURS
from benchmarks.anomaly.page import sets_table

ROWS = [OURS, "other"]


def table(**values):
    """VUS-PR of each series, as ``SET_SEED_DETECTOR=[...]``."""
    lines = []
    for key, found in values.items():
        dataset, seed, detector = key.split("_")
        lines += [(dataset, int(seed), OURS if detector == "ours" else detector, value) for value in found]
    return pd.DataFrame(lines, columns=["dataset", "seed", "detector", "vus_pr"])


def cells(found, sets, best=()):
    page = sets_table(found, sets, ROWS, best)
    return {row[0]: dict(zip(page.header[1:], row[1:], strict=True)) for row in page.rows}


def test_each_set_counts_once_however_many_series_it_has():
    found = table(NAB_0_ours=[0.1, 0.1, 0.1], ASD_0_ours=[0.5], NAB_0_other=[0.2] * 3, ASD_0_other=[0.2])
    assert cells(found, ["NAB", "ASD"])[OURS] == {
        "NAB": "0.100", "ASD": "0.500", "all sets": "0.300", "multivariate": "0.500",
    }  # fmt: skip


def test_the_deviation_is_that_of_the_means_over_seeds():
    found = table(ASD_0_ours=[0.1, 0.3], ASD_1_ours=[0.3, 0.5], ASD_0_other=[0.2])
    assert cells(found, ["ASD"])[OURS]["ASD"] == "0.300 ± 0.141"


def test_the_gain_is_over_the_best_of_the_rivals():
    found = table(ASD_0_ours=[0.33], ASD_0_other=[0.3])
    assert cells(found, ["ASD"], best=["other"])[f"*{OURS}, against the best classical row*"]["ASD"] == "+10 %"
