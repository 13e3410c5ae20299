"""Rows are drawn by the kinds asked for, and changed only where chance says so."""

from __future__ import annotations

import numpy as np
import pytest

from tjepa_estimators.data.synthetic.kinds import change_some, draw_kinds, log_uniform


def zeros(rng, count, length):
    return np.zeros((count, length))


def ones(rng, count, length):
    return np.ones((count, length))


def test_kinds_come_with_their_probabilities():
    values = draw_kinds(np.random.default_rng(0), 4000, 2, {zeros: 0.25, ones: 0.75})
    assert (values[:, 0] == values[:, 1]).all()
    assert values.mean() == pytest.approx(0.75, abs=0.03)


def test_a_kind_that_nobody_draws_is_not_called():
    def refused(rng, count, length):
        raise AssertionError

    assert draw_kinds(np.random.default_rng(0), 50, 3, {ones: 1.0, refused: 0.0}).all()


def test_about_the_share_is_changed_and_the_original_is_not():
    original = np.zeros((4000, 2))
    changed = change_some(np.random.default_rng(0), original, lambda rng, rows: rows + 1, 0.3)
    assert changed[:, 0].mean() == pytest.approx(0.3, abs=0.03)
    assert not original.any()


def test_every_decade_is_as_likely():
    drawn = log_uniform(np.random.default_rng(0), 0.1, 100.0, 6000)
    assert drawn.shape == (6000, 1)
    assert np.histogram(drawn, [0.1, 1, 10, 100])[0] / 6000 == pytest.approx([1 / 3] * 3, abs=0.03)
