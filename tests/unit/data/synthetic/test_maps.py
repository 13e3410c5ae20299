"""Maps stay where they live; the delay is felt."""

from __future__ import annotations

import numpy as np

from tjepa_estimators.data.synthetic.maps import logistic, mackey_glass


def test_the_logistic_map_is_a_parabola():
    values = logistic(np.random.default_rng(0), 20, 300)
    assert 0 < values.min() < values.max() < 1
    ratio = values[:, 1:] / (values[:, :-1] * (1 - values[:, :-1]))
    np.testing.assert_allclose(ratio, np.broadcast_to(ratio[:, :1], ratio.shape))


def test_the_delay_equation_stays_bounded_and_does_not_settle():
    values = mackey_glass(np.random.default_rng(0), 100, 1500)
    assert 0 < values.min() < values.max() < 2
    assert np.median(values[:, 1000:].std(axis=1)) > 0.1


def test_the_delay_equation_moves_smoothly():
    values = mackey_glass(np.random.default_rng(0), 100, 500)
    assert np.abs(np.diff(values)).max() < 0.3
