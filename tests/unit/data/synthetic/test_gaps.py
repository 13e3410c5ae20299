"""Gaps are missing values; the others stay."""

from __future__ import annotations

import numpy as np

from tjepa_estimators.data.synthetic.gaps import leave_gaps

VALUES = np.random.default_rng(1).standard_normal((500, 200))


def test_what_is_not_missing_is_unchanged():
    left = leave_gaps(np.random.default_rng(0), VALUES)
    np.testing.assert_array_equal(np.where(np.isnan(left), VALUES, left), VALUES)


def test_every_row_misses_something_and_no_row_much():
    missing = np.isnan(leave_gaps(np.random.default_rng(0), VALUES)).mean(axis=1)
    assert missing.min() > 0
    assert missing.max() < 0.25
