"""Laws of the closed-form solution and of the choice of blocks."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge

from tjepa_estimators.tasks.ridge import Moments, choose, solve


def normal(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def moments(x, y):
    sums = Moments.zeros(x.shape[1], y.shape[1])
    sums.add(x, y)
    return sums


@pytest.mark.parametrize("strength", [1e-4, 1.0, 100.0])
def test_one_block_is_solved_as_scikit_learn_does(strength):
    x, y = normal(50, 6), normal(50, 3, seed=1)
    alpha = strength * float(x.square().sum(dim=0).mean())
    expected = Ridge(alpha=alpha, fit_intercept=False).fit(x.numpy(), y.numpy()).coef_.T
    found = solve(moments(x, y), {"all": slice(0, 6)}, {"all": strength})
    np.testing.assert_allclose(found, expected, atol=1e-10)


def test_each_block_has_a_strength_of_its_own():
    x, y = normal(50, 6), normal(50, 2, seed=1)
    blocks, strengths = {"a": slice(0, 2), "b": slice(2, 6)}, {"a": 0.1, "b": 10.0}
    diagonal = x.square().sum(dim=0)
    penalty = torch.cat([0.1 * diagonal[:2].mean().expand(2), 10.0 * diagonal[2:].mean().expand(4)])
    expected = torch.linalg.solve(x.T @ x + torch.diag(penalty), x.T @ y)
    assert torch.allclose(solve(moments(x, y), blocks, strengths), expected)


def test_blocks_that_are_left_out_get_zero_and_change_nothing():
    x, y = normal(50, 6), normal(50, 2, seed=1)
    blocks = {"a": slice(0, 2), "b": slice(2, 6)}
    found = solve(moments(x, y), blocks, {"b": 1.0})
    assert not found[:2].any()
    assert torch.allclose(found[2:], solve(moments(x[:, 2:], y), {"b": slice(0, 4)}, {"b": 1.0}))


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_a_strength_means_the_same_for_any_scale_and_number_of_rows(scale):
    x, y = normal(50, 4), normal(50, 2, seed=1)
    block, strength = {"all": slice(0, 4)}, {"all": 0.5}
    base = solve(moments(x, y), block, strength)
    assert torch.allclose(solve(moments(scale * x, y), block, strength) * scale, base)
    assert torch.allclose(solve(moments(x.repeat(7, 1), y.repeat(7, 1)), block, strength), base)


def test_sums_of_parts_are_the_sums_of_the_whole():
    x, y = normal(50, 4), normal(50, 2, seed=1)
    parts, whole = moments(x[:20], y[:20]) + moments(x[20:], y[20:]), moments(x, y)
    assert torch.allclose(parts.xx, whole.xx)
    assert torch.allclose(parts.xy, whole.xy)
    assert parts.yy == pytest.approx(whole.yy)
    assert parts.rows == whole.rows == 50


def test_the_error_from_the_sums_is_the_error_over_the_rows():
    x, y, coefficients = normal(50, 4), normal(50, 2, seed=1), normal(4, 2, seed=2)
    assert moments(x, y).error(coefficients) == pytest.approx(float((y - x @ coefficients).square().sum()))


def test_sums_around_coefficients_are_those_of_what_these_leave_over():
    x, y, start = normal(50, 4), normal(50, 2, seed=1), normal(4, 2, seed=2)
    around, rest = moments(x, y).around(start), moments(x, y - x @ start)
    assert torch.allclose(around.xx, rest.xx)
    assert torch.allclose(around.xy, rest.xy)
    assert around.yy == pytest.approx(rest.yy)
    strong = start + solve(around, {"all": slice(0, 4)}, {"all": 1e6})
    assert torch.allclose(strong, start, atol=1e-4)


@pytest.mark.parametrize("seed", range(20))
def test_rounding_never_makes_an_error_negative_nor_stops_the_choice(seed):
    x, true = normal(200, 5, seed=seed).float(), normal(5, 3, seed=seed + 100).float()
    sums = moments(x, x @ true)  # no noise: what is left is rounding
    assert sums.error(true.double()) >= 0.0
    assert choose(sums, sums, {"all": slice(0, 5)}).errors["all"] >= 0.0


def test_features_that_repeat_each_other_or_are_all_zero_have_a_finite_solution():
    x = normal(50, 2)
    x = torch.cat([x, x, torch.zeros(50, 2)], dim=1)
    found = solve(moments(x, normal(50, 1, seed=1)), {"all": slice(0, 6)}, {"all": 1e-4})
    assert found.isfinite().all()
    assert torch.allclose(found[:2], found[2:4], atol=1e-6)
    assert not found[4:].any()


def test_no_rows_at_all_give_zero():
    assert not solve(Moments.zeros(3, 2), {"all": slice(0, 3)}, {"all": 1.0}).any()


def halves(x, y):
    return moments(x[::2], y[::2]), moments(x[1::2], y[1::2])


@pytest.mark.parametrize("seed", range(5))
def test_a_block_of_pure_noise_is_dropped(seed):
    x, noise = normal(2000, 3, seed=seed), normal(2000, 40, seed=seed + 50)
    y = x @ normal(3, 2, seed=1) + 0.1 * normal(2000, 2, seed=seed + 99)
    choice = choose(*halves(torch.cat([x, noise], dim=1), y), {"signal": slice(0, 3), "noise": slice(3, 43)})
    assert list(choice.strengths) == ["signal"]
    assert list(choice.errors) == ["signal", "signal+noise"]


@pytest.mark.parametrize("seed", range(5))
def test_a_block_that_helps_is_kept(seed):
    x, more = normal(300, 3, seed=seed), normal(300, 4, seed=seed + 50)
    y = x @ normal(3, 2, seed=1) + more @ normal(4, 2, seed=2)
    choice = choose(*halves(torch.cat([x, more], dim=1), y), {"signal": slice(0, 3), "more": slice(3, 7)})
    assert list(choice.strengths) == ["signal", "more"]
    assert choice.errors["signal+more"] < 0.1 * choice.errors["signal"]


def test_a_required_block_is_kept_whatever_it_does():
    x, noise = normal(100, 3), normal(100, 40, seed=50)
    both, y = torch.cat([x, noise], dim=1), x @ normal(3, 2, seed=1)
    blocks = {"signal": slice(0, 3), "noise": slice(3, 43)}
    assert list(choose(*halves(both, y), blocks, required=["noise"]).strengths) == ["signal", "noise"]


def test_noisy_data_get_a_stronger_penalty_than_clean_ones():
    x, true = normal(60, 20), normal(20, 1, seed=1)
    block = {"all": slice(0, 20)}
    clean = choose(*halves(x, x @ true), block).strengths["all"]
    noisy = choose(*halves(x, x @ true + 30 * normal(60, 1, seed=2)), block).strengths["all"]
    assert clean < noisy


def test_sums_around_a_map_are_those_of_what_it_leaves():
    x, y, coefficients = normal(50, 4), normal(50, 2, seed=1), normal(4, 2, seed=2)
    left = moments(x, y - x @ coefficients)
    around = moments(x, y).around(coefficients)
    assert torch.allclose(around.xy, left.xy)
    assert around.yy == pytest.approx(left.yy)


def test_a_strong_ridge_around_a_map_gives_that_map():
    x, y, coefficients = normal(50, 4), normal(50, 2, seed=1), normal(4, 2, seed=2)
    left = solve(moments(x, y).around(coefficients), {"all": slice(0, 4)}, {"all": 1e9})
    assert torch.allclose(coefficients + left, coefficients, atol=1e-6)


def test_a_gain_that_is_not_clear_is_refused():
    x, more = normal(300, 3), normal(300, 4, seed=50)
    y = x @ normal(3, 2, seed=1) + more @ normal(4, 2, seed=2)
    blocks = {"signal": slice(0, 3), "more": slice(3, 7)}
    choice = choose(*halves(torch.cat([x, more], dim=1), y), blocks, is_clear=lambda *_: False)
    assert list(choice.strengths) == ["signal"]
