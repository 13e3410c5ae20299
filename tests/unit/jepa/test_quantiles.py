"""Quantiles are learned by a loss that the true ones minimise, and only from what was observed."""

from __future__ import annotations

from statistics import NormalDist

import pytest
import torch

from tjepa_estimators.contracts import Masks
from tjepa_estimators.errors import ConfigError
from tjepa_estimators.jepa.build import build_jepa
from tjepa_estimators.jepa.config import JEPAConfig
from tjepa_estimators.jepa.objective import build_objective
from tjepa_estimators.jepa.quantiles import QuantileConfig, QuantileDecoder, pinball_loss
from tjepa_estimators.jepa.seasonal import REACHES, Guess
from tjepa_estimators.settings import as_settings

LEVELS = (0.1, 0.5, 0.9)


def normal(count=20_000, seed=0):
    return torch.randn(count, generator=torch.Generator().manual_seed(seed))


# --- the loss


@pytest.mark.parametrize("level", [0.05, 0.3, 0.5, 0.9])
def test_the_loss_is_least_at_the_true_quantile(level):
    truth, best = normal(), NormalDist().inv_cdf(level)
    around = best + torch.linspace(-0.5, 0.5, 11)
    losses = [pinball_loss(guess.expand(len(truth), 1), truth, [level]) for guess in around]
    assert torch.stack(losses).argmin() == 5


def test_the_loss_of_the_median_is_the_absolute_error():
    truth, guess = normal(50), normal(50, seed=1)
    expected = (truth - guess).abs().mean()
    torch.testing.assert_close(pinball_loss(guess.unsqueeze(-1), truth, [0.5]), expected)


def test_the_mean_loss_over_many_levels_is_the_crps():
    levels = [(rank + 0.5) / 400 for rank in range(400)]
    quantiles = torch.tensor([NormalDist().inv_cdf(level) for level in levels])
    truth = torch.tensor([0.7])
    found = pinball_loss(quantiles.expand(1, -1), truth, levels)
    unit = NormalDist()
    crps = 0.7 * (2 * unit.cdf(0.7) - 1) + 2 * unit.pdf(0.7) - 1 / torch.pi**0.5
    assert found.item() == pytest.approx(crps, rel=0.01)


def test_missing_values_count_neither_in_the_loss_nor_in_its_gradient():
    quantiles = torch.zeros(4, 3, requires_grad=True)
    truth = torch.tensor([1.0, torch.nan, -2.0, torch.nan])
    loss = pinball_loss(quantiles, truth, LEVELS)
    torch.testing.assert_close(loss, pinball_loss(quantiles[[0, 2]], truth[[0, 2]], LEVELS))
    loss.backward()
    assert not quantiles.grad[[1, 3]].any()
    assert quantiles.grad.isfinite().all()


def test_the_loss_of_nothing_is_zero_with_a_gradient_of_zero():
    quantiles = torch.zeros(2, 3, requires_grad=True)
    loss = pinball_loss(quantiles, torch.full((2,), torch.nan), LEVELS)
    loss.backward()
    assert loss.item() == 0.0
    assert not quantiles.grad.any()


# --- settings


@pytest.mark.parametrize(
    "levels", [(), (0.5, 0.1, 0.9), (0.1, 0.1, 0.5, 0.9, 0.9), (0.0, 0.5, 1.0), (0.1, 0.5, 0.8), (0.1, 0.9)]
)
def test_levels_that_do_not_surround_the_median_evenly_are_refused(levels):
    with pytest.raises(ConfigError, match=r"symmetric about 0\.5 and hold it"):
        QuantileConfig(levels=levels)


@pytest.mark.parametrize("weight", [0.0, -1.0, float("inf"), float("nan")])
def test_a_weight_without_effect_is_refused(weight):
    with pytest.raises(ConfigError, match="leave the quantiles out for none"):
        QuantileConfig(weight=weight)


@pytest.mark.parametrize(
    "settings",
    [
        {"prediction": "pooled"},
        {"patch_stride": 2},
        {"codebook": {"codes": 4}, "normalize_targets": False},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_a_jepa_that_values_cannot_be_decoded_from_is_refused(tiny_jepa, settings):
    with pytest.raises(ConfigError, match="quantiles need prediction='token'"):
        as_settings(JEPAConfig, tiny_jepa | {"quantiles": {}} | settings)


def test_latents_may_be_left_out_for_quantiles_only(tiny_jepa):
    assert as_settings(JEPAConfig, tiny_jepa | {"quantiles": {}, "latent": 0.0}).latent == 0.0
    with pytest.raises(ConfigError, match="latent must be positive"):
        as_settings(JEPAConfig, tiny_jepa | {"latent": 0.0})


# --- the decoder


def guess(batch=2, queries=3, patch=4):
    means = normal(batch * queries * len(REACHES) * patch).reshape(batch, queries, len(REACHES), patch)
    return Guess(means, torch.full((batch,), 0.5), latest=normal(batch))


def test_a_decoder_starts_from_the_guess():
    decoder, answers = QuantileDecoder(8, 4, LEVELS), torch.zeros(2, 3, 8)
    torch.nn.init.zeros_(decoder.layers[-1].weight)
    torch.nn.init.zeros_(decoder.layers[-1].bias)
    given = guess()
    found = decoder(answers, given)
    assert found.shape == (2, 3, 4, 3)
    torch.testing.assert_close(found, given.means.mean(dim=2).unsqueeze(-1).expand_as(found))


# --- inside a JEPA


@pytest.fixture
def make(tiny_jepa, tiny_encoder):
    def build(**settings):
        return build_jepa(as_settings(JEPAConfig, tiny_jepa | settings), "transformer", tiny_encoder)

    return build


def masks(batch=3, context=(0, 1, 2, 3, 4, 5), hidden=(6, 7)):
    return Masks(torch.tensor([context] * batch), torch.tensor([[hidden]] * batch))


def windows(batch=3, length=32):
    return normal(batch * length).reshape(batch, length)


def test_without_quantiles_nothing_is_decoded_and_there_are_no_such_weights(make):
    assert make()(windows(), masks()).decoded is None
    assert not any("quantiles" in name for name in make().state_dict())


def test_quantiles_leave_the_weights_of_a_plain_jepa_as_they_are(make):
    plain, decoding = make().state_dict(), make(quantiles={}).state_dict()
    assert all(torch.equal(value, decoding[name]) for name, value in plain.items())


def test_the_truth_is_the_hidden_values_in_the_scale_of_the_visible_ones(make):
    raw = windows()
    raw[0, 25] = torch.nan
    output = make(quantiles={})(raw, masks())
    visible = raw[:, :24]
    scaled = (raw[:, 24:] - visible.mean(dim=1, keepdim=True)) / visible.std(dim=1, keepdim=True, correction=0)
    torch.testing.assert_close(output.decoded.truth.reshape(3, 8), scaled, equal_nan=True)


def test_what_is_decoded_does_not_depend_on_hidden_values(make):
    model, raw = make(quantiles={}), windows()
    changed = raw.clone()
    changed[:, 24:] = 1e3
    assert torch.equal(model(raw, masks()).decoded.quantiles, model(changed, masks()).decoded.quantiles)


def test_a_window_without_any_visible_value_carries_no_loss(make, tiny_jepa):
    raw = windows()
    raw[1, :24] = torch.nan
    objective = build_objective(as_settings(JEPAConfig, tiny_jepa | {"quantiles": {}}))
    model = make(quantiles={})
    seen = raw[[0, 2]]
    both, alone = objective(model(raw, masks())), objective(model(seen, masks(2)))
    torch.testing.assert_close(both.parts["quantiles"], alone.parts["quantiles"])


def test_the_weights_of_both_errors_are_those_of_the_settings(make, tiny_jepa):
    settings = tiny_jepa | {"quantiles": {"weight": 3.0}, "latent": 0.5}
    loss = build_objective(as_settings(JEPAConfig, settings))(make(quantiles={})(windows(), masks()))
    torch.testing.assert_close(loss.total, 0.5 * loss.parts["prediction"] + 3.0 * loss.parts["quantiles"])


def test_without_latents_the_quantiles_are_the_loss_and_every_weight_still_has_a_gradient(make, tiny_jepa):
    """Processes that train together wait for the gradient of every weight."""
    settings, model = {"quantiles": {}, "latent": 0.0}, make(quantiles={}, latent=0.0)
    loss = build_objective(as_settings(JEPAConfig, tiny_jepa | settings))(model(windows(), masks()))
    assert torch.equal(loss.total, loss.parts["quantiles"])
    loss.total.backward()
    trained = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
    assert all(weight.grad is not None for weight in trained.values())
    assert not model.predictor.project_out.weight.grad.any()


def test_every_resolution_decodes_for_itself(make):
    model = make(quantiles={}, resolutions=(1, 2))
    assert model.at(1).quantiles is not model.at(2).quantiles
    assert {"quantiles.trust.weight", "coarser.2.quantiles.trust.weight"} <= set(model.state_dict())
