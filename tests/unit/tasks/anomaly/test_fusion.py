"""Several scores become one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tjepa_estimators.tasks.anomaly.fusion import FUSIONS, Agreement, MeanVote

TRAINING = np.random.default_rng(0).standard_normal((3, 200))


@pytest.fixture(params=sorted(FUSIONS))
def fusion(request):
    return FUSIONS[request.param]().fit(TRAINING)


def test_where_nothing_is_known_the_score_is_zero(fusion):
    np.testing.assert_array_equal(fusion(np.full((3, 4), np.nan)), 0.0)


def test_a_part_that_says_nothing_changes_nothing_of_steps_on_which_it_is_silent(fusion):
    parts = TRAINING.copy()
    parts[1, :50] = np.nan
    np.testing.assert_array_equal(fusion(parts)[50:], fusion(TRAINING)[50:])
    assert np.isfinite(fusion(parts)).all()


@given(part=st.integers(0, 2), more=st.floats(0.0, 50.0))
def test_more_evidence_never_lowers_the_score(part, more):
    higher = TRAINING.copy()
    higher[part] += more
    for kind in FUSIONS.values():
        fitted = kind().fit(TRAINING)
        assert (fitted(higher) >= fitted(TRAINING) - 1e-12).all()


def test_a_step_is_fused_as_if_it_were_alone(fusion):
    alone = np.concatenate([fusion(TRAINING[:, step : step + 1]) for step in range(20)])
    np.testing.assert_allclose(fusion(TRAINING)[:20], alone, atol=1e-12)


def test_the_order_of_the_parts_does_not_matter(fusion):
    turned = type(fusion)().fit(TRAINING[::-1])
    np.testing.assert_allclose(turned(TRAINING[::-1]), fusion(TRAINING), atol=1e-12)


def test_no_part_can_shout_the_others_down():
    shout = np.array([[1e9, 3.0], [-5.0, 3.0], [-5.0, 3.0]])
    loud, joint = MeanVote()(shout)
    assert loud == pytest.approx(1 / 3, abs=1e-3)
    assert joint > 0.9


def test_a_part_at_the_edge_of_normal_gives_half_a_vote():
    assert MeanVote()(np.array([[1.0]])) == pytest.approx(0.5)


def test_who_agrees_with_the_others_counts_more():
    common = TRAINING[0]
    parts = np.stack([common + 0.1 * TRAINING[1], common - 0.1 * TRAINING[1], TRAINING[2]])
    fitted = Agreement().fit(parts)
    alone = fitted(np.diag([9.0, 9.0, 9.0]) - 9.0 * (1 - np.eye(3)))
    assert alone[0] > 3 * alone[2] > 0.0
    assert alone[0] == pytest.approx(alone[1], abs=0.05)


def test_nothing_to_agree_on_gives_the_plain_mean():
    for few in (TRAINING[:1], TRAINING[:, :1]):
        np.testing.assert_allclose(Agreement().fit(few)(few), MeanVote()(few))
