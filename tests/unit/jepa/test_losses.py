"""Laws of the loss terms."""

from __future__ import annotations

import math

import pytest
import torch

from tjepa_estimators.contracts import JEPAOutput, Term
from tjepa_estimators.errors import ConfigError
from tjepa_estimators.jepa.losses import (
    LOSSES,
    CovarianceTerm,
    PredictionTerm,
    SIGRegTerm,
    VarianceTerm,
    center,
    cosine_loss,
    covariance_loss,
    find_loss,
    l1_loss,
    l2_loss,
    sigreg_loss,
    smooth_l1_loss,
    variance_loss,
)

REGULARIZERS = [variance_loss, covariance_loss, sigreg_loss]
TERMS: list[Term] = [PredictionTerm(), VarianceTerm(), CovarianceTerm(), SIGRegTerm(slices=8)]


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def output_of(latents: torch.Tensor, visible: torch.Tensor | None = None) -> JEPAOutput:
    batch, tokens, dim = latents.shape
    queries = latents[:, :1] * 0.5
    return JEPAOutput(
        prediction=queries,
        target=normal(batch, 1, dim, seed=1),
        observed=torch.ones(batch, 1, dtype=torch.bool),
        nearest=torch.zeros(batch, 1, dim),
        latents=latents,
        visible=torch.ones(batch, tokens, dtype=torch.bool) if visible is None else visible,
    )


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())
class TestEveryPredictionLoss:
    def test_is_zero_at_the_target_and_positive_elsewhere(self, loss):
        target, observed = normal(3, 4, 5), torch.ones(3, 4, dtype=torch.bool)
        assert loss(target, target, observed).item() == pytest.approx(0, abs=1e-6)
        assert loss(-target, target, observed) > 0.1

    def test_ignores_unobserved_queries_even_where_they_are_nan(self, loss):
        prediction, target = normal(3, 4, 5).requires_grad_(), normal(3, 4, 5, seed=1)
        observed = torch.ones(3, 4, dtype=torch.bool)
        observed[:, 2:] = False
        spoiled = target.masked_fill(~observed.unsqueeze(-1), math.nan)
        value = loss(prediction, spoiled, observed)
        assert value.item() == pytest.approx(loss(prediction[:, :2], target[:, :2], observed[:, :2]).item())
        value.backward()
        assert prediction.grad[observed].abs().sum() > 0
        assert (prediction.grad[~observed] == 0).all()

    def test_is_zero_with_a_gradient_when_nothing_is_observed(self, loss):
        prediction = normal(2, 3, 4).requires_grad_()
        value = loss(prediction, normal(2, 3, 4, seed=1), torch.zeros(2, 3, dtype=torch.bool))
        value.backward()
        assert value.item() == 0
        assert (prediction.grad == 0).all()

    def test_does_not_depend_on_how_queries_are_spread_over_rows(self, loss):
        prediction, target = normal(6, 1, 4), normal(6, 1, 4, seed=1)
        observed = torch.tensor([True, False, True, True, False, False]).reshape(6, 1)
        other = [part.reshape(2, 3, *part.shape[2:]) for part in (prediction, target, observed)]
        assert loss(prediction, target, observed).item() == pytest.approx(loss(*other).item())


def test_losses_of_a_known_error():
    prediction, target = torch.tensor([[[0.5, 3.0]]]), torch.zeros(1, 1, 2)
    observed = torch.tensor([[True]])
    assert l1_loss(prediction, target, observed).item() == pytest.approx((0.5 + 3) / 2)
    assert l2_loss(prediction, target, observed).item() == pytest.approx((0.25 + 9) / 2)
    assert smooth_l1_loss(prediction, target, observed).item() == pytest.approx((0.125 + 2.5) / 2)


def test_cosine_loss_does_not_see_scale_and_runs_from_zero_to_two():
    prediction, target, observed = normal(3, 4, 5), normal(3, 4, 5, seed=1), torch.ones(3, 4, dtype=torch.bool)
    expected = cosine_loss(prediction, target, observed).item()
    assert cosine_loss(7 * prediction, 0.1 * target, observed).item() == pytest.approx(expected, rel=1e-5)
    assert cosine_loss(-target, target, observed).item() == pytest.approx(2)


def test_an_unknown_loss_is_refused_with_the_choices():
    with pytest.raises(ConfigError, match="smooth_l1"):
        find_loss("huber")
    with pytest.raises(ConfigError, match="'huber'"):
        PredictionTerm(loss="huber")


def test_centering_ignores_what_is_not_observed():
    latents, observed = normal(6, 3), torch.tensor([True, True, False, True, False, True])
    centered, count = center(latents.masked_fill(~observed.unsqueeze(-1), math.nan), observed)
    assert count == 4
    torch.testing.assert_close(centered[observed], latents[observed] - latents[observed].mean(dim=0))
    assert (centered[~observed] == 0).all()


@pytest.mark.parametrize("loss", REGULARIZERS)
class TestEveryRegularizer:
    def value(self, loss, *args):
        torch.manual_seed(0)  # the directions of SIGReg
        return loss(*args)

    def test_averages_over_slots(self, loss):
        latents = normal(3, 20, 4) * torch.tensor([0.1, 0.5, 2.0]).reshape(3, 1, 1)
        each = [self.value(loss, slot).item() for slot in latents]
        assert self.value(loss, latents).item() == pytest.approx(sum(each) / 3, rel=1e-4)

    def test_ignores_what_is_not_observed(self, loss):
        latents, observed = normal(9, 4), torch.arange(9) < 6
        spoiled = latents.masked_fill(~observed.unsqueeze(-1), math.nan)
        assert self.value(loss, spoiled, observed).item() == pytest.approx(self.value(loss, latents[:6]).item())

    def test_skips_slots_that_tell_nothing(self, loss):
        latents, observed = normal(2, 9, 4), torch.ones(2, 9, dtype=torch.bool)
        observed[1, 1:] = False
        assert self.value(loss, latents, observed).item() == pytest.approx(self.value(loss, latents[0]).item())

    def test_is_zero_with_a_gradient_for_a_single_sample(self, loss):
        latents = normal(3, 1, 4).requires_grad_()
        value = self.value(loss, latents)
        value.backward()
        assert value.item() == 0
        assert (latents.grad == 0).all()

    def test_does_not_depend_on_the_order_of_samples(self, loss):
        latents = normal(20, 4)
        assert self.value(loss, latents.flip(0)).item() == pytest.approx(self.value(loss, latents).item(), rel=1e-4)

    def test_descending_its_gradient_lowers_it(self, loss):
        latents = (normal(64, 4) * 0.3 + normal(64, 1, seed=1) * 0.3).requires_grad_()
        value = self.value(loss, latents)
        value.backward()
        step = 1e-3 * latents.grad / latents.grad.norm()
        assert self.value(loss, latents - step) < value


def test_variance_loss_is_a_hinge_at_one():
    latents = normal(50, 4)
    unit = (latents - latents.mean(dim=0)) / latents.std(dim=0)
    assert variance_loss(3 * unit).item() == 0
    assert variance_loss(unit).item() == pytest.approx(0, abs=1e-4)
    assert variance_loss(unit / 4).item() == pytest.approx(0.75, abs=1e-3)
    assert variance_loss(torch.full((50, 4), 2.0)).item() == pytest.approx(0.99)


def test_variance_loss_has_a_finite_gradient_at_collapse():
    latents = torch.zeros(5, 3, requires_grad=True)
    variance_loss(latents).backward()
    assert latents.grad.isfinite().all()


def test_covariance_loss_is_zero_for_independent_dimensions_whatever_their_scale():
    latents = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    assert covariance_loss(5 * latents + 3).item() == pytest.approx(0, abs=1e-6)


def test_covariance_loss_matches_the_covariance_matrix():
    latents = normal(30, 3)
    covariance = torch.cov(latents.T)
    expected = (covariance.square().sum() - covariance.diagonal().square().sum()) / 3
    assert covariance_loss(latents).item() == pytest.approx(expected.item(), rel=1e-4)


def test_sigreg_is_about_its_expectation_for_normal_samples_of_any_number():
    expected = math.sqrt(2 * math.pi) * (1 - 1 / math.sqrt(3))
    for n in (4, 64):
        assert sigreg_loss(normal(200, n, 8), slices=16).item() == pytest.approx(expected, rel=0.1)


def test_sigreg_of_samples_at_zero_matches_the_closed_form():
    expected = math.sqrt(2 * math.pi) * (1 + 1 / math.sqrt(3)) - 2 * math.sqrt(math.pi)
    assert sigreg_loss(torch.zeros(100, 8), slices=4).item() == pytest.approx(100 * expected, rel=1e-3)


@pytest.mark.parametrize(
    "collapsed",
    [normal(200, 8) / 12, normal(200, 8) * 12, normal(200, 1).repeat(1, 8), normal(200, 8) + 2],
    ids=["shrunk", "blown up", "one direction", "shifted"],
)
def test_sigreg_is_much_larger_for_samples_that_are_not_standard_normal(collapsed):
    assert sigreg_loss(collapsed, slices=64) > 5 * sigreg_loss(normal(200, 8), slices=64)


def test_sigreg_draws_directions_from_the_global_random_state():
    latents = normal(20, 4) * 2
    torch.manual_seed(0)
    first, second = sigreg_loss(latents, slices=2), sigreg_loss(latents, slices=2)
    torch.manual_seed(0)
    assert sigreg_loss(latents, slices=2) == first
    assert second != first


@pytest.mark.parametrize("settings", [{"slices": 0}, {"knots": 1}])
def test_impossible_sigreg_settings_are_refused(settings):
    with pytest.raises(ConfigError, match="at least 1 slice"):
        SIGRegTerm(**settings)


@pytest.mark.parametrize("term", TERMS, ids=repr)
def test_every_term_is_a_scalar_whose_gradient_reaches_the_student(term):
    latents = (normal(8, 3, 4) * 0.3 + normal(8, 3, 1, seed=1)).requires_grad_()
    value = term(output_of(latents))
    value.backward()
    assert isinstance(term, Term)
    assert value.shape == ()
    assert latents.grad.abs().sum() > 0


@pytest.mark.parametrize("term", TERMS, ids=repr)
def test_every_term_is_finite_for_a_batch_of_one(term):
    assert term(output_of(normal(1, 3, 4))).isfinite()


@pytest.mark.parametrize("term", TERMS[1:], ids=repr)
def test_regularizers_give_padded_tokens_no_gradient(term):
    latents = normal(8, 3, 4).mul(0.3).requires_grad_()
    visible = torch.ones(8, 3, dtype=torch.bool)
    visible[:3, 0] = False
    term(output_of(latents, visible)).backward()
    assert (latents.grad[~visible] == 0).all()
    assert latents.grad[visible].abs().sum() > 0


@pytest.mark.parametrize("term", [VarianceTerm(), SIGRegTerm(slices=16)], ids=repr)
def test_regularizers_see_positions_that_are_constant_over_the_batch(term):
    alive = normal(64, 10, 4)
    only_positions = normal(1, 10, 4).repeat(64, 1, 1)
    assert only_positions.flatten(0, 1).std(dim=0).min() > 0.5  # pooled, they look alive
    assert term(output_of(only_positions)) > 5 * term(output_of(alive))
