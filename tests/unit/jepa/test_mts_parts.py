"""The parts that MTS-JEPA adds to a JEPA: coarse view, codebook, decoder."""

from __future__ import annotations

import pytest
import torch
from einops import rearrange
from torch import nn

from tjepa_estimators.contracts import Masks
from tjepa_estimators.errors import ConfigError
from tjepa_estimators.jepa.build import build_jepa
from tjepa_estimators.jepa.config import JEPAConfig
from tjepa_estimators.jepa.objective import build_objective
from tjepa_estimators.settings import as_settings

FULL = {"coarse": 0.5, "codebook": {"codes": 6}, "normalize_targets": False, "reconstruction": (0.5, 0.1)}


@pytest.fixture
def config(tiny_jepa):
    return lambda **settings: as_settings(JEPAConfig, tiny_jepa | settings)


@pytest.fixture
def make(config, tiny_encoder):
    return lambda **settings: build_jepa(config(**settings), "transformer", tiny_encoder).double()


def masks(batch=3, context=(0, 1, 2, 3), hidden=(4, 5, 6, 7)):
    return Masks(torch.tensor([context] * batch), torch.tensor([[hidden]] * batch))


def windows(batch=3, length=32, seed=0):
    return torch.randn(batch, length, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def test_without_the_parts_nothing_is_added(make):
    output = make()(windows(), masks())
    assert (output.coarse, output.codes, output.rebuilt) == (None, None, None)
    assert not any(name in key for key in make().state_dict() for name in ("coarse", "codebook", "decoder"))


def test_the_parts_leave_the_weights_of_a_plain_jepa_as_they_are(make):
    plain, full = make().state_dict(), make(**FULL).state_dict()
    assert all(torch.equal(value, full[name]) for name, value in plain.items())


# --- coarse view


def test_the_coarse_target_is_the_teachers_latent_of_the_hidden_part_averaged_to_one_patch(make):
    model, raw = make(coarse=1.0), windows()
    averaged = torch.cat(
        [raw[:, :16], rearrange(raw[:, 16:], "batch (patch hidden) -> batch patch hidden", patch=4).mean(2)], 1
    )
    alone = model.teacher(averaged, keep=torch.full((3, 1), 4), context=torch.arange(4).repeat(3, 1)).values
    expected = nn.functional.layer_norm(alone, alone.shape[-1:])
    torch.testing.assert_close(model(raw, masks()).coarse.target, expected)


def test_the_coarse_target_depends_on_averages_of_the_hidden_part_only(make):
    model, raw = make(coarse=1.0), windows()
    swapped = raw.clone()
    swapped[:, 16:20] = raw[:, 16:20].flip(1)  # within one average of four steps
    before, after = model(raw, masks()), model(swapped, masks())
    torch.testing.assert_close(before.coarse.target, after.coarse.target)
    assert not torch.allclose(before.target, after.target)


def test_hidden_patches_are_averaged_in_the_order_of_time(make):
    model, raw = make(coarse=1.0), windows()
    ordered, mixed = model(raw, masks()), model(raw, masks(hidden=(6, 4, 7, 5)))
    torch.testing.assert_close(ordered.coarse.target, mixed.coarse.target)


def test_the_coarse_prediction_is_one_more_from_the_same_context_and_sees_no_hidden_value(make):
    model, raw = make(coarse=1.0), windows()
    changed = raw.clone()
    changed[:, 16:] = 1e3
    before, after = model(raw, masks()), model(changed, masks())
    assert before.coarse.prediction.shape == (3, 1, 8)
    assert torch.equal(before.coarse.prediction, after.coarse.prediction)
    assert not torch.allclose(before.coarse.target, after.coarse.target)


def test_a_hidden_part_without_a_value_carries_no_coarse_loss(make):
    model, raw = make(coarse=1.0), windows()
    raw[0, 16:], raw[1, :16], raw[2, 17:30] = torch.nan, torch.nan, torch.nan
    coarse = model(raw, masks()).coarse
    assert coarse.observed.tolist() == [[False], [False], [True]]
    assert all(part.isfinite().all() for part in (coarse.prediction, coarse.target, coarse.nearest))


# --- codebook


def test_predictions_and_targets_are_mixtures_of_the_students_and_the_teachers_codes(make):
    model, raw = make(**FULL), windows()
    nn.init.normal_(model.teacher_codebook.module.codes, generator=torch.Generator().manual_seed(1))
    for output in (model(raw, masks()), model(raw, masks()).coarse):
        codes = output.codes
        torch.testing.assert_close(output.prediction, codes.prediction.exp() @ model.codebook.codes)
        torch.testing.assert_close(output.target, codes.target.exp() @ model.teacher_codebook.module.codes)
        torch.testing.assert_close(codes.latents, codes.visible.exp() @ model.codebook.codes)
    torch.testing.assert_close(model.encode(raw, masks()).values[:, 4:], model(raw, masks()).target)


def test_the_predictor_sees_coded_latents_only(make, monkeypatch):
    model, raw = make(**FULL), windows()
    expected = model(raw, masks()).codes.latents
    seen = []
    answer = model.predictor.answer
    monkeypatch.setattr(
        model.predictor, "answer", lambda known, *rest: seen.append(known.values) or answer(known, *rest)
    )
    model(raw, masks())
    assert torch.equal(seen[0], expected)


def test_the_teachers_codes_move_by_the_momentum(make):
    model = make(**FULL)
    old = model.teacher_codebook.module.codes.clone()
    assert torch.equal(old, model.codebook.codes)
    with torch.no_grad():
        model.codebook.codes.add_(1.0)
    model.update_teacher(0.75)
    torch.testing.assert_close(model.teacher_codebook.module.codes, old + 0.25)


def test_shares_of_codes_are_told_for_every_token_and_refused_without_a_codebook(make):
    shares = make(**FULL).code(windows())
    assert shares.shape == (3, 8, 6)
    torch.testing.assert_close(shares.sum(dim=-1), torch.ones(3, 8, dtype=torch.float64))
    with pytest.raises(ConfigError, match="has no codebook"):
        make().code(windows())


def test_what_is_foreseen_is_what_is_predicted_where_the_future_is_hidden(make):
    model, raw = make(**FULL).eval(), windows()
    output, foresight = model(raw, masks()), model.foresee(raw[:, :16], 4)
    torch.testing.assert_close(foresight.values, output.prediction)
    seen, summary, ahead, coarse = foresight.codes.split([4, 1, 4, 1], dim=1)
    torch.testing.assert_close(seen, model.code(raw[:, :16]))
    torch.testing.assert_close(ahead, output.codes.prediction.exp())
    torch.testing.assert_close(coarse, output.coarse.codes.prediction.exp())
    torch.testing.assert_close(summary.sum(dim=-1), torch.ones(3, 1, dtype=torch.float64))


def test_without_a_codebook_latents_are_foreseen(make):
    model, raw = make(coarse=0.5).eval(), windows()
    foresight = model.foresee(raw[:, :16], 4)
    torch.testing.assert_close(foresight.values, model(raw, masks()).prediction)
    assert foresight.codes is None


# --- decoder


def test_the_visible_patches_are_rebuilt_in_the_units_of_the_visible_part(make):
    model, raw = make(**FULL), windows()
    raw[0, 2] = torch.nan
    drawn = masks(context=(0, 1, 3, 6), hidden=(2, 4, 5, 7))
    rebuilt = model(raw, drawn).rebuilt
    visible = raw.reshape(3, 8, 4)[:, [0, 1, 3, 6]]
    mean, flat = visible.flatten(1).nanmean(1), visible.flatten(1)
    std = (flat - mean[:, None]).square().nanmean(1).sqrt()
    torch.testing.assert_close(rebuilt.truth, (visible - mean[:, None, None]) / std[:, None, None], equal_nan=True)
    assert rebuilt.patches.shape == rebuilt.truth.shape


# --- all together


@pytest.mark.parametrize("settings", [FULL, FULL | {"resolutions": (1, 2)}, {"coarse": 0.5, "resolutions": (1, 2)}])
@pytest.mark.parametrize("share", [True, False])
def test_the_objective_reaches_every_parameter_but_those_of_teachers(make, config, settings, share):
    chosen = settings | {"share_encoder": share}
    model, objective = make(**chosen), build_objective(config(**chosen))
    for factor in config(**chosen).resolutions:
        objective(model.at(factor)(windows(), masks())).total.backward()
    for name, value in model.named_parameters():
        reached = value.grad is not None
        assert reached != ("teacher" in name), name


def test_resolutions_that_share_an_encoder_share_its_codebook(make):
    for share in (True, False):
        model = make(**FULL, resolutions=(1, 4), share_encoder=share)
        assert (model.at(4).codebook is model.codebook) == share
        assert (model.at(4).teacher_codebook is model.teacher_codebook) == share
        assert model.at(4).coarse_predictor is not model.coarse_predictor
