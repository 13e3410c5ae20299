"""The head is solved in closed form and reported beside its controls."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge

from tjepa_estimators.tasks.choice import gains_clearly
from tjepa_estimators.tasks.covariates import Covariates, CovariateScale
from tjepa_estimators.tasks.head import fit_head
from tjepa_estimators.tasks.network import ForecastNetwork
from tjepa_estimators.tasks.ridge import STRENGTHS
from tjepa_estimators.tasks.rows import PARTS, TrainingRows


def autoregressive(steps, seed=0):
    noise, values = np.random.default_rng(seed).standard_normal(steps), np.zeros(steps)
    for step in range(1, steps):
        values[step] = 0.8 * values[step - 1] + noise[step]
    return values[:, None]


def training_rows(values, horizon=2, context=8):
    scale = CovariateScale.fit(Covariates(), 0, horizon)
    return TrainingRows(
        values, context, horizon, validation=0.2, max_rows=10_000, seed=0, covariates=Covariates(), scale=scale
    )


def fitted(rows, held_out=None, context=8, horizon=2):
    network = ForecastNetwork(None, context, horizon).eval()
    return network, *fit_head(network, rows, held_out)


def test_the_head_is_scikit_learns_ridge_on_rows_weighted_by_their_deviation():
    rows = training_rows([autoregressive(300)])
    network, report, _ = fitted(rows)
    assert report.centre == "mean"
    batches = [batch for part in PARTS for batch in rows.batches(part)]
    context, target = (torch.cat([getattr(batch, name) for batch in batches]).numpy() for name in ("context", "target"))
    mean, std = context.mean(axis=1, keepdims=True), context.std(axis=1, keepdims=True)
    weight = (std / autoregressive(300).std()).ravel() ** 2
    x, y = (context - mean) / std, (target - mean) / std
    alpha = report.strengths["lookback"] * (weight[:, None] * x**2).sum(axis=0).mean()
    expected = Ridge(alpha=alpha, fit_intercept=False).fit(x, y, sample_weight=weight).coef_
    np.testing.assert_allclose(network.head.weight.detach().numpy(), expected, atol=1e-4)
    assert report.rows == len(x) == 300 - 9


def test_the_reported_errors_are_those_on_the_held_out_rows():
    rows = training_rows([autoregressive(300)])
    _, report, _ = fitted(rows)
    batch = next(rows.batches("held_out"))
    repeated = ((batch.target - batch.context[:, -1:]) / batch.scale).square().mean()
    assert report.repeat_last == pytest.approx(float(repeated), rel=1e-5)
    assert report.errors["lookback"] < report.repeat_last


@pytest.mark.parametrize("seed", range(4))
def test_a_random_walk_is_forecast_by_its_last_value(seed):
    walk = np.random.default_rng(seed).standard_normal((600, 1)).cumsum(axis=0)
    network, report, _ = fitted(training_rows([walk], context=64), context=64)
    assert report.centre == "last"
    assert report.errors["lookback"] < 1.05 * report.repeat_last
    assert (network.head.weight[:, -1] > 0.5).all()


def test_other_series_can_judge_and_are_never_fitted_on():
    rows = training_rows([autoregressive(300)])
    judged = fitted(rows, held_out=training_rows([autoregressive(200, seed=1)]))
    others = fitted(rows, held_out=training_rows([1e3 * autoregressive(200, seed=1)]))
    assert torch.allclose(judged[0].head.weight, others[0].head.weight)
    assert judged[1].rows == 300 - 9


def test_a_pretrained_backbone_is_not_touched_by_the_solution(tiny_pretrained):
    backbone = tiny_pretrained.build().teacher.module.eval()
    before = {name: value.clone() for name, value in backbone.state_dict().items()}
    network = ForecastNetwork(backbone, 24, 2).eval()
    report, _ = fit_head(network, training_rows([autoregressive(300)], context=24), required=["latents"])
    assert list(report.strengths) == ["lookback", "latents"]
    assert all(torch.equal(value, before[name]) for name, value in backbone.state_dict().items())


def test_too_few_rows_get_a_strong_penalty_and_finite_weights():
    network, report, quantiles = fitted(training_rows([autoregressive(12)]))
    assert report.strengths == {"lookback": STRENGTHS[-1]}
    assert report.errors == {}
    assert network.head.weight.isfinite().all()
    assert np.isfinite(quantiles.table).all()


def test_no_rows_at_all_forecast_the_level():
    network, report, _ = fitted(training_rows([np.ones((1, 1))]))
    assert report.rows == 0
    assert not network.head.weight.any()


def test_a_nearly_constant_stretch_does_not_spoil_the_head():
    values = autoregressive(300)
    flat = values.copy()
    flat[100:150] = flat[100] + 1e-9 * np.arange(50)[:, None]
    difference = fitted(training_rows([flat]))[0].head.weight - fitted(training_rows([values]))[0].head.weight
    assert difference.abs().max() < 0.3


def test_noise_around_a_level_is_shrunk_towards_its_mean():
    noise = np.random.default_rng(0).standard_normal(600)[:, None]
    _, report, _ = fitted(training_rows([noise], horizon=4, context=16), context=16, horizon=4)
    assert report.centre == "mean"
    assert report.errors["lookback"] < 0.6 * report.repeat_last


@pytest.mark.parametrize(("noise", "clear"), [(0.1, True), (30.0, False)])
def test_a_gain_is_clear_if_it_exceeds_its_standard_error(noise, clear):
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(200, 2, generator=generator)
    y = x @ torch.tensor([[1.0], [0.2]]) + noise * torch.randn(200, 1, generator=generator)
    without, with_block = torch.tensor([[1.0], [0.0]]), torch.tensor([[1.0], [0.2]])
    assert gains_clearly([(x, y, torch.ones(200, 1))], without, with_block) == clear


def test_latents_are_centred_so_that_they_are_no_intercept(tiny_pretrained):
    network = ForecastNetwork(tiny_pretrained.build().teacher.module.eval(), 24, 2).eval()
    rows = training_rows([autoregressive(300)], context=24)
    fit_head(network, rows, required=["latents"])
    batch = rows.rows(rows.index["train"])
    with torch.no_grad():
        features, stats = network.features(batch.context)
    weight = (stats.std / batch.scale).square()
    mean = (features[:, network.blocks["latents"]] * weight).sum(dim=0) / weight.sum()
    assert mean.abs().max() < 1e-4


def test_without_latents_four_times_the_rows_are_used(tiny_pretrained):
    network = ForecastNetwork(tiny_pretrained.build().teacher.module.eval(), 24, 2).eval()
    rows = training_rows([autoregressive(900)], context=24).with_budget(100)
    report, _ = fit_head(network, rows)
    assert report.rows == (400 if "latents" not in report.strengths else 100)
    assert "latents" in report.strengths or not network.head.weight[:, network.blocks["latents"]].any()
