"""Evidence from features."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tjepa_estimators.tasks.anomaly.features import WindowFeatures
from tjepa_estimators.tasks.anomaly.scorers import (
    SCORERS,
    FromNeighbours,
    FromSubspace,
    PredictionError,
    ScorerSettings,
)

CHANNELS = 5
ADDITIVE = ("subspace", "mahalanobis", "level")


def features(windows, seed=0, channels=CHANNELS):
    """Windows whose channels move together, along two directions."""
    rng = np.random.default_rng(seed)
    common = rng.standard_normal((windows, 1, 2))
    mixing = np.random.default_rng(99).standard_normal((channels, 2, 6))
    shape = np.einsum("wod,cdf->wcf", common, mixing) + 0.05 * rng.standard_normal((windows, channels, 6))
    level = rng.standard_normal((windows, channels, 5))
    return WindowFeatures(shape, shape[:, :, :3].copy(), level, np.ones(windows))


def with_channels(given, order):
    return replace(given, shape=given.shape[:, order], context=given.context[:, order], level=given.level[:, order])


def broken(given, channel):
    """The same windows, where one channel does what it never did."""
    shape, level = given.shape.copy(), given.level.copy()
    shape[:, channel] += np.array([3.0, -3.0, 3.0, -3.0, 3.0, -3.0])
    level[:, channel] += 8.0
    return replace(given, shape=shape, level=level)


@pytest.fixture(params=sorted(SCORERS))
def name(request):
    return request.param


@pytest.fixture
def scorer(name):
    return SCORERS[name](ScorerSettings()).fit(features(200))


def test_evidence_and_contributions_are_finite_and_not_negative(scorer):
    for given in (features(200), features(30, seed=1), broken(features(30, seed=1), 0)):
        evidence, shares = scorer(given), scorer.contributions(given)
        assert evidence.shape == (len(given),)
        assert shares.shape == (len(given), CHANNELS)
        for one in (evidence, shares):
            assert np.isfinite(one).all()
            assert (one >= 0.0).all()


@pytest.mark.parametrize("channel", [0, 3])
def test_a_channel_that_breaks_out_is_evidence_and_the_largest_share_of_it(scorer, channel):
    calm = features(50, seed=1)
    odd = broken(calm, channel)
    assert (scorer(odd) > np.quantile(scorer(calm), 0.95)).all()
    assert (scorer.contributions(odd).argmax(axis=1) == channel).mean() > 0.9


def test_windows_are_judged_one_by_one(scorer):
    given = features(20, seed=1)
    alone = np.concatenate([scorer(given[number : number + 1]) for number in range(20)])
    np.testing.assert_allclose(scorer(given), alone, rtol=1e-9)


def test_channels_may_stand_in_any_order(name, scorer):
    order = [4, 2, 0, 1, 3]
    turned = SCORERS[name](ScorerSettings()).fit(with_channels(features(200), order))
    other = with_channels(features(20, seed=1), order)
    np.testing.assert_allclose(turned(other), scorer(features(20, seed=1)), rtol=1e-6)
    np.testing.assert_allclose(
        turned.contributions(other), scorer.contributions(features(20, seed=1))[:, order], rtol=1e-6, atol=1e-9
    )


@pytest.mark.parametrize("name", ADDITIVE, indirect=True)
def test_what_the_channels_add_makes_the_evidence(scorer):
    given = broken(features(20, seed=1), 2)
    np.testing.assert_allclose(scorer.contributions(given).sum(axis=1), scorer(given))


def test_one_window_is_enough_to_learn_from(name):
    scorer = SCORERS[name](ScorerSettings()).fit(features(1))
    assert np.isfinite(scorer(features(9, seed=1))).all()


def test_a_remembered_window_is_at_no_distance():
    given = features(40)
    scorer = FromNeighbours(ScorerSettings(neighbours=1)).fit(given)
    np.testing.assert_allclose(scorer(given), 0.0, atol=1e-6)
    assert scorer(broken(given, 1)).min() > 1.0


def test_more_neighbours_are_not_nearer():
    near, far = (FromNeighbours(ScorerSettings(neighbours=count)).fit(features(100)) for count in (1, 20))
    assert (far(features(30, seed=1)) > near(features(30, seed=1))).all()


def test_channels_that_do_not_go_together_are_seen_though_each_is_normal():
    given = features(200)
    mixed = replace(
        given,
        shape=np.stack([np.roll(given.shape[:, channel], 7 * channel, axis=0) for channel in range(CHANNELS)], axis=1),
    )
    scorer = FromSubspace(ScorerSettings()).fit(given)
    assert np.median(scorer(mixed)) > 20 * np.median(scorer(given))


def test_what_follows_from_other_channels_is_no_error():
    given = features(200)
    alone = replace(given, context=np.where(np.arange(CHANNELS)[:, None] == 0, 0.0, given.context))
    apart = replace(given, shape=given.shape.copy())
    apart.shape[:, 0] = np.roll(given.shape[:, 0], 7, axis=0)
    scorer = PredictionError(ScorerSettings()).fit(alone)  # nothing is known of the first channel's own past
    assert np.median(scorer.contributions(apart)[:, 0]) > 3 * np.median(scorer.contributions(alone)[:, 0])


@pytest.mark.parametrize(("channels", "counted"), [(1, 1), (2, 2), (4, 2), (5, 3), (38, 7)])
def test_as_many_channels_count_as_the_root_of_their_number(channels, counted):
    scorer = PredictionError(ScorerSettings()).fit(features(100, channels=channels))
    by_channel = np.sort(scorer.contributions(features(10, seed=1, channels=channels)), axis=1)
    expected = np.exp(np.log(by_channel[:, -counted:]).mean(axis=1))
    np.testing.assert_allclose(scorer(features(10, seed=1, channels=channels)), expected)
    chosen = PredictionError(ScorerSettings(top_channels=1)).fit(features(100, channels=channels))
    np.testing.assert_allclose(chosen(features(10, seed=1, channels=channels)), by_channel[:, -1])
