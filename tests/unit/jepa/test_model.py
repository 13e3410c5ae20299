"""What a JEPA must hold to: who sees what, who moves, and that prediction and target mean the same tokens."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tjepa_estimators.contracts import Masks, Tokens
from tjepa_estimators.jepa.build import build_jepa
from tjepa_estimators.jepa.config import JEPAConfig
from tjepa_estimators.jepa.losses import smooth_l1_loss
from tjepa_estimators.jepa.masking import RandomMasker
from tjepa_estimators.settings import as_settings

CONTEXT, HIDDEN = [0, 1, 3, 6, 7], [2, 4, 5]


@pytest.fixture
def make(tiny_jepa, tiny_encoder):
    def build(**settings):
        return build_jepa(as_settings(JEPAConfig, tiny_jepa | settings), "transformer", tiny_encoder).double()

    return build


def masks(batch, context=CONTEXT, hidden=HIDDEN):
    return Masks(torch.tensor([context] * batch), torch.tensor([[hidden]] * batch))


def windows(batch=3, length=32, seed=0):
    return torch.randn(batch, length, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def spread(values):
    """Move all parameters, so that nothing is still where it was initialised."""
    for parameter in values.parameters():
        nn.init.normal_(parameter, std=0.3, generator=torch.Generator().manual_seed(parameter.numel()))


def test_the_teacher_moves_by_the_law_of_its_momentum(make):
    model = make()
    before = [value.clone() for value in model.teacher.module.parameters()]
    spread(model.student)
    for momentum in (0.9, 0.5):
        expected = [
            momentum * old + (1 - momentum) * new for old, new in zip(before, model.student.parameters(), strict=True)
        ]
        model.update_teacher(momentum)
        before = [value.clone() for value in model.teacher.module.parameters()]
        for value, wanted in zip(before, expected, strict=True):
            assert torch.allclose(value, wanted)


def test_a_momentum_of_one_keeps_the_teacher_and_of_zero_copies_the_student(make):
    model = make()
    start = [value.clone() for value in model.teacher.module.parameters()]
    spread(model.student)
    model.update_teacher(1.0)
    assert all(map(torch.equal, start, model.teacher.module.parameters()))
    model.update_teacher(0.0)
    assert all(map(torch.allclose, model.teacher.module.parameters(), model.student.parameters()))


@pytest.mark.parametrize("prediction", ["token", "pooled"])
@pytest.mark.parametrize("embedding", ["linear", "conv1d"])
def test_the_student_never_sees_a_hidden_patch(make, prediction, embedding):
    model, raw = make(prediction=prediction, embedding=embedding), windows()
    changed = raw.clone()
    for token in HIDDEN:
        changed[:, 4 * token : 4 * token + 4] = 1e3
    before, after = model(raw, masks(3)), model(changed, masks(3))
    assert torch.equal(before.latents, after.latents)
    assert torch.equal(before.prediction, after.prediction)
    assert not torch.allclose(before.target, after.target)


def test_with_overlapping_patches_the_student_never_sees_what_only_hidden_patches_hold(make):
    model = make(patch_length=8, patch_stride=4)  # patch i holds the steps from 4 i to 4 i + 7
    raw, drawn = windows(), masks(3, context=[0, 1, 6], hidden=[2, 3, 4, 5])
    changed = raw.clone()
    changed[:, 12:24] = 1e3  # patch 1 ends at step 11, patch 6 starts at step 24
    before, after = model(raw, drawn), model(changed, drawn)
    assert torch.equal(before.latents, after.latents)
    assert torch.equal(before.prediction, after.prediction)
    assert not torch.allclose(before.target, after.target)


def test_the_student_does_see_the_visible_patches(make):
    model, raw = make(), windows()
    for token in CONTEXT:
        changed = raw.clone()
        changed[:, 4 * token : 4 * token + 4] += torch.tensor([1.0, -1.0, 2.0, -2.0])
        assert not torch.allclose(model(raw, masks(3)).prediction, model(changed, masks(3)).prediction)


def test_the_teacher_sees_the_whole_window_but_scales_it_by_the_visible_part(make):
    model, raw = make(), windows()
    for token in range(8):
        changed = raw.clone()
        changed[:, 4 * token : 4 * token + 4] += torch.tensor([1.0, -1.0, 2.0, -2.0])
        assert not torch.allclose(model.encode(raw, masks(3)).values, model.encode(changed, masks(3)).values)
    assert torch.allclose(model.encode(raw, masks(3)).values, model.encode(30 * raw + 7, masks(3)).values, atol=1e-6)
    assert not torch.allclose(model.encode(raw, masks(3)).values, model.encode(raw).values)


def test_targets_are_the_teachers_latents_at_the_hidden_tokens(make):
    model, raw = make(), windows()
    teacher = model.encode(raw, masks(3)).values
    assert torch.equal(model(raw, masks(3)).target, teacher[:, HIDDEN])
    assert torch.equal(model(raw, masks(3)).nearest, teacher[:, [1, 3, 3]])


def test_asking_in_another_order_permutes_prediction_and_target_alike(make):
    model, raw, order = make(), windows(), [2, 0, 1]
    asked, permuted = model(raw, masks(3)), model(raw, masks(3, hidden=[HIDDEN[i] for i in order]))
    assert torch.allclose(permuted.prediction, asked.prediction[:, order])
    assert torch.allclose(permuted.target, asked.target[:, order])
    assert not torch.allclose(asked.prediction[:, 0], asked.prediction[:, 1])


@pytest.mark.parametrize("prediction", ["token", "mlp"])
def test_a_residual_prediction_begins_at_the_nearest_visible_token_and_then_moves(make, prediction):
    model, raw = make(residual=True, prediction=prediction), windows()
    seen = nn.functional.layer_norm(model.student(raw, keep=masks(3).context).values, (8,))
    nearest = seen[:, [1, 2, 3]]  # of the visible tokens 0, 1, 3, 6, 7: 1 for 2, as it comes first, 3 for 4, 6 for 5
    assert torch.equal(model(raw, masks(3)).prediction, nearest)
    spread(model.predictor)
    assert not torch.allclose(model(raw, masks(3)).prediction, nearest)


def test_what_a_residual_prediction_is_added_to_carries_no_gradient(make):
    model, raw = make(residual=True), windows()
    model(raw, masks(3)).prediction.square().sum().backward()
    assert all(one.grad is None or not one.grad.any() for one in model.student.parameters())  # all that begins is zero
    spread(model.predictor)
    model(raw, masks(3)).prediction.square().sum().backward()
    assert all(one.grad is not None and one.grad.any() for one in model.student.encoder.parameters())


def test_what_is_expected_after_a_window_begins_at_its_last_token(make):
    model, raw = make(residual=True), windows()
    last = nn.functional.layer_norm(model.student(raw).values[:, -1], (8,))
    assert torch.equal(model.foresee(raw, 2).values, torch.stack([last, last], dim=1))


def test_the_nearest_of_many_tokens_is_found_far_from_the_origin(make):
    places = 50_000.0 + torch.arange(40.0).reshape(1, 40, 1)
    context = Tokens(torch.randn(1, 40, 8), places, torch.zeros(1, 40, dtype=torch.bool))
    expected = nn.functional.layer_norm(context.values, (8,))
    assert torch.equal(make(residual=True)._nearest(context, places + 0.25), expected)


def test_padding_is_never_the_nearest_token(make):
    model, raw = make(residual=True), windows()
    raw[:, 4 * 3 : 4 * 4] = torch.nan
    seen = nn.functional.layer_norm(model.student(raw, keep=masks(3).context).values, (8,))
    assert torch.equal(model(raw, masks(3)).prediction[:, 1], seen[:, 3])  # token 6, as 3 is padding


def test_permuting_the_patches_of_a_window_changes_the_output(make):
    model, raw = make(), windows()
    mixed = raw.reshape(3, 8, 4)[:, torch.randperm(8, generator=torch.Generator().manual_seed(0))].reshape(3, 32)
    latents, permuted = model.encode(raw).values, model.encode(mixed).values
    assert not torch.allclose(latents.mean(dim=1), permuted.mean(dim=1), atol=1e-4)
    swapped = raw.reshape(3, 8, 4)[:, [1, 0, 2, 3, 4, 5, 6, 7]].reshape(3, 32)
    assert not torch.allclose(model(raw, masks(3)).prediction, model(swapped, masks(3)).prediction, atol=1e-6)


def test_the_target_carries_no_gradient_and_the_teacher_gets_none(make):
    model = make()
    out = model(windows(), masks(3))
    assert not out.target.requires_grad
    assert not out.nearest.requires_grad
    out.prediction.sum().backward()
    assert all(value.grad is None and not value.requires_grad for value in model.teacher.parameters())
    trained = [*model.student.parameters(), *model.predictor.parameters()]
    assert all(value.grad is not None for value in trained)


def test_a_residual_prediction_is_of_latents_that_are_normalised_as_targets_are(make):
    model, raw = make(residual=True, normalize_targets=False), windows()
    seen = model.student(raw, keep=masks(3).context).values
    assert torch.equal(model(raw, masks(3)).prediction, seen[:, [1, 2, 3]])


def test_targets_are_normalised_unless_switched_off(make):
    raw = windows()
    target = make()(raw, masks(3)).target
    assert torch.allclose(target.mean(dim=-1), torch.zeros(3, 3).double(), atol=1e-6)
    plain = make(normalize_targets=False)
    nn.init.constant_(plain.teacher.module.encoder.norm.bias, 5.0)
    assert torch.allclose(plain(raw, masks(3)).target.mean(dim=-1), torch.full((3, 3), 5.0).double(), atol=1e-6)


def test_the_teacher_drops_nothing_out_while_the_student_does(tiny_jepa):
    config = as_settings(JEPAConfig, tiny_jepa)
    model = build_jepa(config, "transformer", {"depth": 1, "heads": 2, "dropout": 0.5}).train()
    raw = windows().float()
    first, second = model(raw, masks(3)), model(raw, masks(3))
    assert torch.equal(first.target, second.target)
    assert not torch.equal(first.latents, second.latents)


def test_missing_targets_and_rows_without_a_visible_value_carry_no_loss(make):
    model, raw = make(), windows()
    raw[0, 16:20] = torch.nan
    for token in CONTEXT:
        raw[1, 4 * token : 4 * token + 4] = torch.nan
    out = model(raw, masks(3))
    assert out.observed.tolist() == [[True, False, True], [False] * 3, [True] * 3]
    assert out.visible.tolist() == [[True] * 5, [False] * 5, [True] * 5]
    assert all(part.isfinite().all() for part in (out.prediction, out.target, out.nearest, out.latents))


def test_the_pooled_target_is_the_mean_of_the_observed_hidden_latents(make):
    model, raw = make(prediction="pooled"), windows()
    raw[0, 16:20] = torch.nan
    out, teacher = model(raw, masks(3)), model.encode(raw, masks(3)).values
    assert out.target.shape == out.prediction.shape == (3, 1, 8)
    assert torch.allclose(out.target[0, 0], teacher[0, [2, 5]].mean(dim=0))
    assert torch.allclose(out.target[1, 0], teacher[1, HIDDEN].mean(dim=0))


@pytest.fixture(scope="module")
def trained(pretrain_tiny):
    """A JEPA of 16 dimensions after 200 steps, and windows it did not see."""
    health = []
    encoder = pretrain_tiny(
        config={"dim": 16, "predictor_dim": 16}, steps=200, on_diagnostics=lambda _, now: health.append(now)
    )
    time = torch.arange(32.0).double()
    phases = torch.rand(64, 1, generator=torch.Generator().manual_seed(0)).double() * 6.28
    return encoder.build().eval(), torch.sin(2 * torch.pi * time / 12 + phases), health


def test_a_short_training_beats_the_mean_target_and_the_copied_latent(trained):
    _, _, health = trained
    assert health[0].lift_over_mean < 0.0
    assert health[-1].lift_over_mean > 0.1
    assert health[-1].lift_over_copy > 0.1


def test_after_a_short_training_a_permuted_target_fits_worse(trained):
    model, raw, _ = trained
    drawn = RandomMasker(0.5)(8, len(raw), torch.Generator().manual_seed(0))
    with torch.no_grad():
        out = model(raw, drawn)
    loss = smooth_l1_loss(out.prediction, out.target, out.observed)
    for wrong in (out.target.roll(1, dims=1), out.target.roll(1, dims=0)):
        assert smooth_l1_loss(out.prediction, wrong, out.observed) > 1.1 * loss
