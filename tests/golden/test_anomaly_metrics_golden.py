"""The anomaly metrics agree with the original implementations (see ``make_anomaly_metrics.py``)."""

from __future__ import annotations

import json
from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest

from tjepa_estimators.tasks.metrics import (
    affiliation_precision_recall,
    auc_pr,
    auc_roc,
    best_f1,
    period_buffer,
    point_adjusted_f1,
    range_based,
    range_precision_recall,
    volume_under_surface,
)

GOLDEN = json.loads(Path(__file__).with_name("anomaly_metrics.json").read_text(encoding="utf-8"))
every_case = pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: case["name"])


def approx(values):
    return pytest.approx(values, rel=1e-10, abs=1e-12)


def arrays(case):
    labels = np.zeros(len(case["scores"]), dtype=int)
    for start, stop in case["events"]:
        labels[start:stop] = 1
    return np.array(case["scores"]) / 1000, labels


@every_case
def test_volumes_are_those_of_tsb_ad(case):
    found = {buffer: astuple(volume_under_surface(*arrays(case), int(buffer))) for buffer in case["values"]["volumes"]}
    assert found == {buffer: approx(tuple(golden)) for buffer, golden in case["values"]["volumes"].items()}


@every_case
def test_areas_are_those_of_tsb_ad(case):
    assert [auc_pr(*arrays(case)), auc_roc(*arrays(case))] == approx(case["values"]["auc"])


@every_case
def test_range_based_measures_are_those_of_prts(case):
    for name, golden in case["values"]["ranges"].items():
        bias, cardinality = name.split()
        found = range_precision_recall(
            *arrays(case),
            case["threshold"],
            existence=0.3,
            recall_bias=getattr(range_based, bias),
            precision_bias=getattr(range_based, bias),
            cardinality={"reciprocal": range_based.reciprocal, "one": range_based.once}[cardinality],
        )
        assert [found.precision, found.recall] == approx(golden), name


@every_case
def test_range_based_f1_is_that_of_tsb_ad(case):
    assert range_precision_recall(*arrays(case), case["threshold"]).f1 == approx(case["values"]["range_f1"])
    assert best_f1(range_precision_recall, *arrays(case)).f1 == approx(case["values"]["best_range_f1"])


@every_case
def test_affiliation_is_that_of_its_authors(case):
    found = affiliation_precision_recall(*arrays(case), case["threshold"])
    assert [found.precision, found.recall] == approx(case["values"]["affiliation"])
    assert best_f1(affiliation_precision_recall, *arrays(case)).f1 == approx(case["values"]["best_affiliation_f1"])


@every_case
def test_point_adjusted_f1_is_that_of_tsb_ad(case):
    golden = case["values"]["point_adjusted_f1"]
    if golden is not None:
        assert point_adjusted_f1(*arrays(case), draws=1).f1 == approx(golden)


@pytest.mark.parametrize("example", GOLDEN["periods"], ids=lambda example: f"{len(example['series'])} steps")
def test_periods_are_those_of_tsb_ad(example):
    assert period_buffer(np.array(example["series"]) / 1000) == example["period"]
