"""One resolution: who judges which window, and in which units."""

from __future__ import annotations

import numpy as np
import pytest

from tjepa_estimators.tasks.anomaly.config import AnomalyConfig
from tjepa_estimators.tasks.anomaly.features import TokenLayout, WindowReader
from tjepa_estimators.tasks.anomaly.grid import cut_windows
from tjepa_estimators.tasks.anomaly.scorers import SCORERS
from tjepa_estimators.tasks.anomaly.view import View

WINDOW = 16


@pytest.fixture(scope="module")
def reader(tiny_pretrained):
    network = tiny_pretrained.build().eval().requires_grad_(requires_grad=False)
    return WindowReader(network, TokenLayout(WINDOW // 4, 4, 4))


@pytest.fixture(scope="module")
def make(reader):
    def build(**settings):
        return View(settings.pop("factor", 1), reader, WINDOW, 4, AnomalyConfig(scores=tuple(SCORERS), **settings))

    return build


def windows_of(view, values):
    ends = np.arange(WINDOW, len(values) + 1)
    return view.reader(cut_windows(values, ends, WINDOW)), ends


def test_of_new_noise_about_a_twentieth_lies_beyond_the_edge_of_normal(make, noise):
    view = make()
    view.fit([noise(3000, 2)])
    features, ends = windows_of(view, noise(3000, 2, seed=1))
    beyond = (view.judge(features, ends) > 1.0).mean(axis=1)
    assert ((beyond > 0.02) & (beyond < 0.10)).all(), dict(zip(view.names, beyond, strict=True))


def test_training_windows_are_judged_as_new_ones_would_be(make, noise):
    view = make()
    honest = view.fit([noise(600, 4)])([0])
    features, ends = windows_of(view, noise(600, 4))
    by_heart, fair = view.judge(features, ends).mean(axis=1), honest(features, ends).mean(axis=1)
    new = view.judge(*windows_of(view, noise(600, 4, seed=1))).mean(axis=1)
    neighbours = view.names.index("neighbours")
    assert (fair >= by_heart - 0.05).all()
    assert by_heart[neighbours] < fair[neighbours] - 0.5
    np.testing.assert_allclose(fair, new, atol=0.6)


def test_a_stretch_that_is_like_no_other_is_abnormal_to_its_judge(make, rhythms):
    values = rhythms(600, 1)
    values[250:282] = 4.0 + np.random.default_rng(5).standard_normal((32, 1))
    view = make()
    honest = view.fit([values])([0])
    features, ends = windows_of(view, values)
    odd = (ends > 266) & (ends <= 282)
    judged = honest(features, ends).mean(axis=0)
    assert judged[odd].mean() > judged[~odd].mean() + 0.5


def test_several_series_have_judges_of_their_own(make, rhythms):
    view = make()
    honest = view.fit([rhythms(200, 1, seed) for seed in range(4)])
    features, ends = windows_of(view, rhythms(200, 1, 2))
    assert not np.array_equal(honest([2])(features, ends), honest([0])(features, ends))


def test_windows_of_several_series_are_judged_side_by_side_as_they_are_alone(make, rhythms):
    view = make()
    honest = view.fit([rhythms(200, 1, seed) for seed in range(4)])
    (one, ends), (other, _) = (windows_of(view, rhythms(200, 1, seed)) for seed in (1, 3))
    both = type(one).join([one, other])[np.arange(2 * len(ends)).reshape(2, -1).T.ravel()]  # by turns
    judged = honest([1, 3])(both, np.repeat(ends, 2))
    np.testing.assert_allclose(judged[:, ::2], honest([1])(one, ends), rtol=1e-9)
    np.testing.assert_allclose(judged[:, 1::2], honest([3])(other, ends), rtol=1e-9)


def test_shares_are_not_negative_and_add_up_to_one(make, rhythms):
    view = make()
    view.fit([rhythms(300)])
    flat = np.zeros((60, 3))
    for values in (rhythms(60, seed=1), flat):
        shares = view.contributions(windows_of(view, values)[0])
        assert shares.shape[2] == 3
        assert (shares >= 0.0).all()
        np.testing.assert_allclose(shares.sum(axis=2), 1.0)


def test_a_gap_is_not_learned_as_normal(make, rhythms):
    values = rhythms(900, 1)
    gap = np.concatenate([values[:300], np.full((600, 1), np.nan), values[300:]])
    whole, holed = make(), make()
    whole.fit([values])
    holed.fit([gap])
    features, ends = windows_of(whole, rhythms(300, 1, seed=1))
    for with_gap, without in zip(holed.judge(features, ends), whole.judge(features, ends), strict=True):
        assert abs(np.median(with_gap) - np.median(without)) < 0.5


def test_a_few_missing_steps_are_not_abnormal(make, rhythms):
    view = make()
    view.fit([rhythms(1500, 1)])
    holed = rhythms(600, 1, seed=1)
    holed[np.random.default_rng(2).random(600) < 0.1] = np.nan
    whole, gappy = (view.judge(*windows_of(view, values)) for values in (rhythms(600, 1, seed=1), holed))
    assert (np.nanmean(gappy > 1.0, axis=1) < np.mean(whole > 1.0, axis=1) + 0.15).all()


def test_windows_that_are_mostly_gap_are_not_judged(make, rhythms):
    view = make()
    view.fit([rhythms(300, 1)])
    holed = rhythms(100, 1, seed=1)
    holed[40:60] = np.nan
    features, ends = windows_of(view, holed)
    missing = np.array([np.isnan(holed[end - WINDOW : end, 0]).mean() for end in ends])
    np.testing.assert_array_equal(np.isnan(view.judge(features, ends)).all(axis=0), missing > 0.25)


def test_gaps_that_were_there_in_training_too_are_judged(make, rhythms):
    sparse, later = rhythms(600, 1), rhythms(200, 1, seed=1)
    sparse[::2], later[::2] = np.nan, np.nan
    view = make()
    view.fit([sparse])
    judged = view.judge(*windows_of(view, later))
    assert np.isfinite(judged).all()
    assert (judged > 1.0).mean() < 0.2


def test_windows_in_which_nothing_was_observed_are_not_judged(make, rhythms):
    view = make()
    view.fit([rhythms(300, 1)])
    features, ends = windows_of(view, np.full((40, 1), np.nan))
    assert np.isnan(view.judge(features, ends)).all()


@pytest.mark.parametrize("length", [1, 2, WINDOW, WINDOW + 1])
def test_the_shortest_series_can_be_learned_from(make, rhythms, length):
    view = make()
    honest = view.fit([rhythms(length, 1)])([0])
    features, ends = windows_of(view, rhythms(40, 1))
    assert np.isfinite(view.judge(features, ends)).all()
    assert np.isfinite(honest(features, np.minimum(ends, length))).all()


def test_a_series_is_judged_from_a_window_or_the_shortest_training_series_on(make, rhythms):
    fewest = []
    for lengths in ((200,), (200, 40), (200, 36)):
        view = make(factor=4)
        view.fit([rhythms(length, 1) for length in lengths])
        fewest.append(view.fewest)
    assert fewest == [16, 10, 9]


def test_no_more_windows_are_learned_from_than_allowed(make, rhythms):
    view = make(max_windows=30)
    series, ends = view._training_windows([100, 300])
    assert len(series) == len(ends) == 30
    assert set(series) == {0, 1}
    np.testing.assert_array_equal(ends, view._training_windows([100, 300])[1])
    view.fit([rhythms(300, 1)])
    assert np.isfinite(view.judge(*windows_of(view, rhythms(60, 1)))).all()
