"""The loss is the weighted sum of its named parts."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from tjepa_estimators.contracts import JEPAOutput
from tjepa_estimators.jepa.config import JEPAConfig
from tjepa_estimators.jepa.losses import CovarianceTerm, PredictionTerm, VarianceTerm
from tjepa_estimators.jepa.objective import build_objective


@pytest.fixture
def output():
    generator = torch.Generator().manual_seed(0)
    prediction, target, nearest, latents = (torch.randn(8, 3, 4, generator=generator) for _ in range(4))
    seen = torch.ones(8, 3, dtype=torch.bool)
    return JEPAOutput(prediction.requires_grad_(), target, seen, nearest, latents, seen)


def test_the_total_is_the_weighted_sum_of_the_parts(output):
    loss = build_objective(JEPAConfig(variance=2.0, covariance=0.5))(output)
    expected = PredictionTerm()(output) + 2.0 * VarianceTerm()(output) + 0.5 * CovarianceTerm()(output)
    assert torch.allclose(loss.total, expected)
    assert list(loss.parts) == ["prediction", "variance", "covariance"]


def test_terms_without_weight_are_left_out(output):
    loss = build_objective(JEPAConfig())(output)
    assert list(loss.parts) == ["prediction"]
    assert torch.equal(loss.total, loss.parts["prediction"])


def test_losses_of_the_encoder_are_added_as_they_are_and_named_after_it(output):
    own = {"prediction": torch.tensor(2.0), "balance": torch.tensor(0.5)}
    objective = build_objective(JEPAConfig(covariance=0.1))
    loss, without = objective(replace(output, auxiliary=own)), objective(output)
    assert torch.allclose(loss.total, without.total + 2.5)
    assert loss.parts == without.parts | {"encoder.prediction": own["prediction"], "encoder.balance": own["balance"]}


def test_a_perfect_prediction_costs_nothing(output):
    perfect = JEPAOutput(output.target, output.target, output.observed, output.nearest, output.latents, output.visible)
    assert build_objective(JEPAConfig())(perfect).total == 0.0


def test_the_total_has_a_slope(output):
    build_objective(JEPAConfig(sigreg=0.1))(output).total.backward()
    assert output.prediction.grad.abs().sum() > 0
