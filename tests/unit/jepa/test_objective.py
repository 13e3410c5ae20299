"""The loss is the weighted sum of its named parts."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from tjepa_estimators.contracts import CodeOutput, JEPAOutput, Rebuilt
from tjepa_estimators.jepa.code_losses import CodeTerm
from tjepa_estimators.jepa.codebook import CodebookConfig
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


def coded(output, codes=5):
    generator = torch.Generator().manual_seed(1)
    logs = [torch.randn(8, 3, codes, generator=generator).log_softmax(dim=-1) for _ in range(3)]
    with_codes = replace(output, codes=CodeOutput(torch.randn(8, 3, 4, generator=generator), *logs))
    return replace(with_codes, coarse=with_codes)


def test_the_coarse_query_is_compared_as_the_fine_ones_are(output):
    plain = build_objective(JEPAConfig(coarse=0.5))(replace(output, coarse=output))
    assert torch.allclose(plain.total, 1.5 * PredictionTerm()(output))
    book = CodebookConfig(embedding=0.0, commitment=0.0, sample_entropy=0.0, batch_entropy=0.0)
    config = JEPAConfig(coarse=0.5, codebook=book, normalize_targets=False, loss="l2")
    assert torch.allclose(
        build_objective(config)(coded(output)).total,
        1.5 * CodeTerm()(coded(output)) + 0.1 * PredictionTerm("l2")(output),
    )


def test_a_codebook_brings_the_terms_and_weights_of_the_paper(output):
    config = JEPAConfig(coarse=0.5, codebook=CodebookConfig(), normalize_targets=False)
    assert {name: weight for name, weight, _ in build_objective(config).terms} == {
        "codes": 1.0, "prediction": 0.1, "coarse": 0.5, "embedding": 1.0, "commitment": 0.25,
        "sample_entropy": 0.005, "batch_entropy": 0.01,
    }  # fmt: skip
    assert build_objective(config)(coded(output)).total.isfinite()


@pytest.mark.parametrize(("progress", "weight"), [(0.0, 0.5), (0.5, 0.3), (1.0, 0.1)])
def test_the_weight_of_the_reconstruction_goes_along_a_line(output, progress, weight):
    objective = build_objective(JEPAConfig(reconstruction=(0.5, 0.1)), progress)
    rebuilt = replace(output, rebuilt=Rebuilt(torch.zeros(8, 3, 2), torch.full((8, 3, 2), 2.0)))
    assert torch.allclose(objective(rebuilt).total, PredictionTerm()(output) + weight * 4.0)


def test_a_reconstruction_that_ends_at_zero_still_uses_its_parameters(output):
    assert [name for name, *_ in build_objective(JEPAConfig(reconstruction=(0.5, 0.0))).terms] == [
        "prediction", "reconstruction",
    ]  # fmt: skip


def test_a_perfect_prediction_costs_nothing(output):
    perfect = JEPAOutput(output.target, output.target, output.observed, output.nearest, output.latents, output.visible)
    assert build_objective(JEPAConfig())(perfect).total == 0.0


def test_the_total_has_a_slope(output):
    build_objective(JEPAConfig(sigreg=0.1))(output).total.backward()
    assert output.prediction.grad.abs().sum() > 0
