"""Counts are whole numbers of at least zero."""

from __future__ import annotations

import numpy as np
import pytest

from tjepa_estimators.data.synthetic.counts import arrivals, counts, intermittent, overdispersed


@pytest.mark.parametrize("draw", [arrivals, overdispersed, intermittent, counts])
def test_counts_are_whole_and_not_negative(draw):
    values = draw(np.random.default_rng(0), 100, 200)
    np.testing.assert_array_equal(values, np.round(values))
    assert values.min() >= 0
    np.testing.assert_array_equal(values.astype(np.float32), values)


def test_intermittent_demand_is_mostly_zero():
    assert (intermittent(np.random.default_rng(0), 200, 300) == 0).mean() > 0.6


def test_rates_span_orders_of_magnitude():
    level = arrivals(np.random.default_rng(0), 300, 200).mean(axis=1)
    assert np.quantile(level, 0.9) > 100 * np.quantile(level, 0.1)
