"""Built-in loss terms pass, and each check fails on a term that breaks its law."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from tjepa_estimators.jepa.losses import LOSSES, CovarianceTerm, PredictionTerm, SIGRegTerm, VarianceTerm
from tjepa_estimators.testing import TERM_CHECKS, ConformanceError, check_term
from tjepa_estimators.testing import term as checks

BUILT_IN = {
    "variance": VarianceTerm,
    "covariance": CovarianceTerm,
    "sigreg": SIGRegTerm,
    **{loss: partial(PredictionTerm, loss) for loss in LOSSES},
}


@pytest.mark.parametrize("check", TERM_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_term_passes(name, check):
    check(BUILT_IN[name])


def error(output):
    """Squared error of each observed query, else zero."""
    keep = output.observed.unsqueeze(-1)
    return (output.prediction.where(keep, 0.0) - output.target.where(keep, 0.0)).square().mean(dim=-1)


def write(output):
    output.target.clamp_(-1, 1)
    return error(output).mean()


def train_the_teacher(output):
    output.target.requires_grad_()
    return (output.prediction - output.target).where(output.observed.unsqueeze(-1), 0.0).square().mean()


def masked_late(output):
    """Multiplies by the mask, which keeps NaN."""
    return ((output.prediction - output.target).square() * output.observed.unsqueeze(-1)).mean()


def unmasked(output):
    return (output.prediction - output.target).square().mean()


def nan_gradient(output):
    """Right in value, but zero times NaN in the backward pass."""
    return (output.prediction - output.target).square().sqrt().where(output.observed.unsqueeze(-1), 0.0).mean()


def root(output):
    """A norm that has no slope at zero."""
    return (output.latents * output.visible.unsqueeze(-1)).square().sum().sqrt()


def by_place(output):
    return (error(output).sum(dim=1) * torch.arange(len(output.prediction))).sum()


BROKEN = [
    (checks.check_scalar, lambda o: error(o).mean(dim=1), "The value is"),
    (checks.check_scalar, lambda o: error(o).mean().item(), "The value is"),
    (checks.check_scalar, lambda o: error(o).mean().double(), "float64"),
    (checks.check_scalar, lambda o: o.latents.std(dim=0).mean(), "batch of 1"),
    (checks.check_gradient_reaches_the_student, lambda o: error(o).mean().detach(), "No gradient"),
    (checks.check_gradient_reaches_the_student, lambda o: (o.prediction - o.prediction).square().sum(), "No gradient"),
    (checks.check_gradient_reaches_the_student, lambda o: (o.latents * 0).abs().sqrt().sum(), "not finite"),
    (checks.check_teacher_gets_no_gradient, train_the_teacher, "target carry a gradient"),
    (checks.check_teacher_gets_no_gradient, write, r"changed \['target'\]"),
    (checks.check_padding_has_no_effect, unmasked, "filled with 100"),
    (checks.check_padding_has_no_effect, masked_late, "filled with nan"),
    (checks.check_padding_has_no_effect, lambda o: o.latents.square().mean(), "filled with 100"),
    (checks.check_padding_has_no_effect, nan_gradient, "gradient that is not finite"),
    (checks.check_nothing_observed_is_finite, lambda o: error(o)[o.observed].mean(), "value is nan"),
    (checks.check_nothing_observed_is_finite, root, "gradient is not finite"),
    (checks.check_order_of_the_batch_is_free, by_place, "Permuting the rows"),
]  # fmt: skip


@pytest.mark.parametrize(("check", "term", "told"), BROKEN)
@pytest.mark.filterwarnings("ignore:std\\(\\)")
def test_a_check_fails_on_a_term_that_breaks_its_law(check, term, told):
    with pytest.raises(AssertionError, match=told):
        check(lambda: term)


def test_every_check_can_fail():
    assert {check for check, _, _ in BROKEN} == set(TERM_CHECKS)


def test_all_checks_are_run_together():
    assert check_term(VarianceTerm).summary == f"{len(TERM_CHECKS)} passed"
    with pytest.raises(ConformanceError, match="check_padding_has_no_effect"):
        check_term(lambda: unmasked)
