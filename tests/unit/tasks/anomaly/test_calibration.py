"""Standardised evidence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tjepa_estimators.tasks.anomaly.calibration import LogScale

EVIDENCE = np.random.default_rng(0).chisquare(4, size=1000)


def test_the_median_is_zero_and_the_edge_of_normal_one():
    scaled = LogScale.fit(EVIDENCE)(EVIDENCE)
    assert np.median(scaled) == pytest.approx(0.0, abs=1e-6)
    assert np.mean(scaled > 1.0) == pytest.approx(0.05, abs=0.001)


@given(st.floats(1e-3, 1e6))
def test_the_unit_of_evidence_does_not_matter(factor):
    scaled = LogScale.fit(EVIDENCE * factor)(EVIDENCE * factor)
    np.testing.assert_allclose(scaled, LogScale.fit(EVIDENCE)(EVIDENCE), atol=1e-4)


def test_the_order_is_kept():
    scaled = LogScale.fit(EVIDENCE)(np.sort(EVIDENCE))
    assert (np.diff(scaled) > 0).all()


@pytest.mark.parametrize("level", [0.0, 5.0])
def test_evidence_that_never_varied_gives_finite_scores(level):
    scale = LogScale.fit(np.full(20, level))
    assert scale(np.array([level])) == pytest.approx(0.0, abs=1e-6)
    assert np.isfinite(scale(np.array([level + 1.0]))).all()
    assert scale(np.array([level + 1.0]))[0] > 1.0
