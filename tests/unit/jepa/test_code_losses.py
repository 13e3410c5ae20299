"""Terms of a codebook: zero at the optimum, and the right side gets the gradient."""

from __future__ import annotations

import math

import pytest
import torch

from tjepa_estimators.contracts import CodeOutput, JEPAOutput
from tjepa_estimators.jepa.code_losses import (
    BatchEntropyTerm,
    CodeTerm,
    CommitmentTerm,
    EmbeddingTerm,
    SampleEntropyTerm,
    code_divergence,
    perplexity,
    token_entropy,
    usage_entropy,
)

SEEN = torch.ones(2, 3, dtype=torch.bool)


def logs(seed=0, codes=5, sharpness=1.0):
    given = torch.randn(2, 3, codes, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return (sharpness * given).log_softmax(dim=-1)


def one_code(which, codes=5):
    """All tokens take the codes ``which``, nearly wholly."""
    shares = torch.nn.functional.one_hot(torch.tensor(which), codes).double()
    return (60.0 * shares).log_softmax(dim=-1)


def test_the_divergence_is_zero_at_equality_and_positive_elsewhere():
    assert code_divergence(logs(), logs(), SEEN).item() == pytest.approx(0.0, abs=1e-12)
    assert code_divergence(logs(1), logs(), SEEN) > 0.0


def test_the_divergence_is_that_of_the_targets_from_the_prediction():
    expected = torch.distributions.kl_divergence(
        torch.distributions.Categorical(logits=logs()), torch.distributions.Categorical(logits=logs(1))
    )
    torch.testing.assert_close(code_divergence(logs(1), logs(), SEEN), expected.mean())


def test_what_is_not_observed_does_not_count():
    observed, spoiled = SEEN.clone(), logs(1)
    observed[0, 1], spoiled[0, 1] = False, torch.nan
    whole = torch.stack([code_divergence(logs(1)[i : i + 1, j : j + 1], logs()[i : i + 1, j : j + 1], SEEN[:1, :1])
                         for i in range(2) for j in range(3) if (i, j) != (0, 1)])  # fmt: skip
    torch.testing.assert_close(code_divergence(spoiled, logs(), observed), whole.mean())
    assert code_divergence(spoiled, logs(), ~SEEN) == 0.0


@pytest.mark.parametrize("measure", [token_entropy, usage_entropy])
def test_entropies_are_of_observed_tokens_only(measure):
    observed, spoiled = SEEN.clone(), logs()
    observed[1], spoiled[1] = False, torch.nan
    torch.testing.assert_close(measure(spoiled, observed), measure(logs()[:1], SEEN[:1]))
    assert measure(spoiled, ~SEEN) == 0.0


def test_the_perplexity_is_the_number_of_codes_when_uniform_and_one_when_collapsed():
    assert perplexity(torch.full((2, 3, 5), 0.2).log(), SEEN) == pytest.approx(5.0)
    assert perplexity(one_code([[4, 4, 4], [4, 4, 4]]), SEEN) == pytest.approx(1.0, abs=1e-6)
    assert perplexity(one_code([[0, 1, 2], [0, 1, 2]]), SEEN) == pytest.approx(3.0)


def test_tokens_that_take_different_codes_are_sharp_and_use_many():
    different = one_code([[0, 1, 2], [3, 4, 0]])
    assert token_entropy(different, SEEN).item() == pytest.approx(0.0, abs=1e-12)
    assert usage_entropy(different, SEEN) > math.log(4)


@pytest.fixture
def output():
    generator = torch.Generator().manual_seed(0)
    latents, coded = (torch.randn(2, 3, 4, generator=generator, requires_grad=True) for _ in range(2))
    codes = CodeOutput(coded, logs().requires_grad_(), logs(1).requires_grad_(), logs(2))
    return JEPAOutput(*(torch.zeros(2, 3, 4),) * 2, SEEN, torch.zeros(2, 3, 4), latents, SEEN, codes=codes)


def test_embedding_moves_the_codes_and_commitment_the_latents(output):
    EmbeddingTerm()(output).backward()
    assert output.latents.grad is None
    assert output.codes.latents.grad.abs().sum() > 0
    output.codes.latents.grad = None
    CommitmentTerm()(output).backward()
    assert output.codes.latents.grad is None
    assert output.latents.grad.abs().sum() > 0


def test_the_code_term_moves_the_prediction_only(output):
    CodeTerm()(output).backward()
    assert output.codes.prediction.grad.abs().sum() > 0
    assert output.codes.visible.grad is None


def test_entropy_terms_are_those_of_the_visible_tokens(output):
    torch.testing.assert_close(SampleEntropyTerm()(output), token_entropy(logs(), SEEN))
    torch.testing.assert_close(BatchEntropyTerm()(output), math.log(5) - usage_entropy(logs(), SEEN))


def test_the_batch_term_is_zero_when_all_codes_are_used_alike_and_has_a_slope_when_one_is_never_used():
    uniform = CodeOutput(torch.zeros(2, 3, 4), *(torch.full((2, 3, 5), 0.2).log(),) * 3)
    plain = JEPAOutput(*(torch.zeros(2, 3, 4),) * 2, SEEN, *(torch.zeros(2, 3, 4),) * 2, SEEN, codes=uniform)
    assert BatchEntropyTerm()(plain).item() == pytest.approx(0.0, abs=1e-6)
    shares = torch.tensor([300.0, 0.0, 0.0], requires_grad=True)
    usage_entropy(shares.log_softmax(dim=0).expand(2, 3, 3), SEEN).backward()
    assert shares.grad.isfinite().all()
