"""Laws of the collapse diagnostics."""

from __future__ import annotations

import math
import warnings
from dataclasses import asdict, fields, replace

import pytest
import torch

from tjepa_estimators.contracts import CodeOutput, JEPAOutput
from tjepa_estimators.errors import CollapseWarning, ConfigError
from tjepa_estimators.jepa.diagnostics import (
    Diagnostics,
    check_collapse,
    diagnose,
    latent_std,
    lift,
    pc1_share,
    rankme,
    warn_on_collapse,
)

BATCH, VISIBLE, QUERIES, DIM = 64, 5, 3, 8


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def output_of(**parts: torch.Tensor) -> JEPAOutput:
    target = normal(BATCH, QUERIES, DIM, seed=1)
    healthy = {
        "prediction": target + 0.3 * normal(BATCH, QUERIES, DIM, seed=2),
        "target": target,
        "observed": torch.ones(BATCH, QUERIES, dtype=torch.bool),
        "nearest": normal(BATCH, QUERIES, DIM, seed=3),
        "latents": normal(BATCH, VISIBLE, DIM),
        "visible": torch.ones(BATCH, VISIBLE, dtype=torch.bool),
    }
    return JEPAOutput(**healthy | parts)


def test_a_healthy_model_has_high_rank_and_lift_and_no_alarm():
    start = diagnose(output_of())
    assert start.std == pytest.approx(1, abs=0.1)
    assert start.dead_positions == 0
    assert 0.9 * DIM < start.rank <= DIM
    assert start.pc1 < 2 / DIM
    assert start.lift_over_mean > 0.5
    assert start.lift_over_copy > 0.5
    assert check_collapse(start, start) == []


def test_std_is_measured_per_position():
    only_positions = normal(1, 20, 4).repeat(BATCH, 1, 1)
    assert only_positions.flatten(0, 1).std() > 0.5
    assert latent_std(only_positions).shape == (20, 4)
    assert latent_std(only_positions).max() < 1e-6


def test_std_agrees_with_torch_and_leaves_padding_out():
    latents, observed = normal(10, 3, 4), torch.arange(10).reshape(10, 1).expand(10, 3) < 7
    torch.testing.assert_close(latent_std(latents), latents.std(dim=0))
    torch.testing.assert_close(latent_std(latents, observed), latents[:7].std(dim=0))


def test_rank_is_blind_to_shrinkage_but_std_is_not():
    start = diagnose(output_of())
    now = diagnose(output_of(latents=normal(BATCH, VISIBLE, DIM) / 12))
    assert now.rank == pytest.approx(start.rank)
    assert now.pc1 == pytest.approx(start.pc1)
    assert now.std == pytest.approx(start.std / 12)
    (sentence,) = check_collapse(now, start)
    assert "shrank" in sentence
    assert "stop-gradient" in sentence


def test_latents_in_one_direction_trip_pc1_but_not_std():
    start = diagnose(output_of())
    now = diagnose(output_of(latents=normal(BATCH, VISIBLE, 1) * normal(DIM, seed=4)))
    assert now.rank == pytest.approx(1, abs=1e-3)
    assert now.pc1 == pytest.approx(1)
    (sentence,) = check_collapse(now, start)
    assert "covariance" in sentence
    assert "one direction" in sentence


def test_positions_that_stop_varying_are_counted_and_reported():
    latents = normal(BATCH, VISIBLE, DIM)
    latents[:, :2] = 1.0
    start, now = diagnose(output_of()), diagnose(output_of(latents=latents))
    assert now.dead_positions == pytest.approx(2 / VISIBLE)
    (sentence,) = check_collapse(now, start)
    assert "40%" in sentence


def test_an_encoder_that_gives_positions_only_counts_as_collapsed():
    start = diagnose(output_of())
    now = diagnose(output_of(latents=normal(1, VISIBLE, DIM).repeat(BATCH, 1, 1)))
    assert now.std == 0
    assert now.dead_positions == 1
    assert math.isnan(now.rank)
    assert any("shrank" in sentence for sentence in check_collapse(now, start))


def test_a_perfect_prediction_has_lift_one():
    target = normal(BATCH, QUERIES, DIM, seed=1)
    now = diagnose(output_of(prediction=target))
    assert (now.loss, now.lift_over_copy, now.lift_over_mean) == (0, 1, 1)


def test_a_control_has_no_lift_over_itself():
    output = output_of()
    mean = output.target.mean(dim=(0, 1)).expand_as(output.target)
    assert diagnose(replace(output, prediction=output.nearest)).lift_over_copy == pytest.approx(0)
    assert diagnose(replace(output, prediction=mean)).lift_over_mean == pytest.approx(0, abs=1e-6)


def test_a_prediction_no_better_than_the_mean_is_reported():
    start = diagnose(output_of())
    now = diagnose(output_of(prediction=normal(BATCH, QUERIES, DIM, seed=9)))
    assert now.lift_over_mean < 0
    (sentence,) = check_collapse(now, start)
    assert "beyond the mean" in sentence


def test_constant_targets_leave_no_lift_to_be_proud_of():
    target = torch.full((BATCH, QUERIES, DIM), 0.1)
    now = diagnose(output_of(target=target, prediction=target))
    assert now.lift_over_mean == 0
    assert len(check_collapse(now, diagnose(output_of()))) == 1


def test_unobserved_queries_and_padding_change_nothing():
    output = output_of()
    observed, visible = output.observed.clone(), output.visible.clone()
    observed[:, 0], visible[:, 0] = False, False
    spoiled = replace(
        output,
        target=output.target.masked_fill(~observed.unsqueeze(-1), math.nan),
        latents=output.latents.masked_fill(~visible.unsqueeze(-1), math.nan),
        observed=observed,
        visible=visible,
    )
    cut = JEPAOutput(
        prediction=output.prediction[:, 1:],
        target=output.target[:, 1:],
        observed=observed[:, 1:],
        nearest=output.nearest[:, 1:],
        latents=output.latents[:, 1:],
        visible=visible[:, 1:],
    )
    assert diagnose(spoiled).as_dict() == pytest.approx(diagnose(cut).as_dict())


def test_rank_and_pc1_ignore_shift_and_rotation():
    latents = normal(100, 4) * torch.tensor([4.0, 2.0, 1.0, 0.5])
    rotation = torch.linalg.qr(normal(4, 4, seed=1)).Q
    for measure in (rankme, pc1_share):
        assert measure(latents @ rotation + 5) == pytest.approx(measure(latents), rel=1e-4)


def test_rank_counts_directions():
    latents = normal(2000, 3) @ torch.linalg.qr(normal(10, 3, seed=1)).Q.T
    assert rankme(latents) == pytest.approx(3, rel=0.01)


def test_rank_agrees_with_its_definition():
    latents = normal(50, 6) * torch.arange(1, 7)
    sizes = torch.linalg.svdvals((latents - latents.mean(dim=0)).double())
    share = sizes / sizes.sum()
    assert rankme(latents) == pytest.approx(math.exp(-(share * share.log()).sum()), rel=1e-5)
    assert pc1_share(latents) == pytest.approx((sizes[0] ** 2 / sizes.square().sum()).item(), rel=1e-5)


@pytest.mark.parametrize(
    ("loss", "control", "expected"),
    [(0.0, 2.0, 1.0), (1.0, 2.0, 0.5), (2.0, 2.0, 0.0), (4.0, 2.0, -1.0), (0.0, 0.0, 0.0), (1.0, 0.0, -math.inf)],
)
def test_lift_is_the_share_of_the_control_that_was_saved(loss, control, expected):
    assert lift(loss, control) == expected


def test_one_sequence_raises_no_alarm_about_what_it_cannot_tell():
    whole = output_of()
    one = replace(whole, **{part.name: getattr(whole, part.name)[:1] for part in fields(whole)[:6]})
    now = diagnose(one)
    assert math.isnan(now.std)
    assert math.isnan(now.rank)
    assert math.isfinite(now.loss)
    assert check_collapse(now, now) == []


def test_nothing_observed_raises_no_alarm():
    now = diagnose(output_of(observed=torch.zeros(BATCH, QUERIES, dtype=torch.bool)))
    assert math.isnan(now.loss)
    assert check_collapse(now, now) == []


def test_controls_use_the_loss_asked_for():
    output = output_of()
    assert diagnose(output, loss="l2").loss == pytest.approx((output.prediction - output.target).square().mean().item())
    with pytest.raises(ConfigError, match="huber"):
        diagnose(output, loss="huber")


def test_measuring_needs_no_gradient_and_leaves_none():
    latents = normal(BATCH, VISIBLE, DIM).requires_grad_()
    diagnose(output_of(latents=latents))
    assert latents.grad is None


def test_collapse_is_emitted_as_our_warning_and_health_is_silent():
    start = diagnose(output_of())
    with pytest.warns(CollapseWarning, match="shrank"):
        warn_on_collapse(replace(start, std=start.std / 100), start)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_on_collapse(start, start)


def test_diagnostics_are_plain_numbers_by_name():
    numbers = diagnose(output_of()).as_dict()
    assert list(numbers) == [part.name for part in fields(Diagnostics) if part.name not in {"encoder", "coarser"}]
    assert all(type(number) is float for number in numbers.values())


def test_what_the_encoder_reports_stands_beside_the_other_numbers():
    alone = diagnose(output_of())
    reported = {"encoder.blocks.0.expert_0_use": 0.25, "encoder.blocks.0.expert_1_use": 0.75}
    health = diagnose(output_of(), encoder=reported)
    assert health.as_dict() == alone.as_dict() | reported
    assert check_collapse(health, alone) == []


@pytest.mark.parametrize(
    ("codes", "in_use", "of_a_token"),
    [
        (torch.zeros(BATCH, VISIBLE, 4), 4.0, 4.0),
        (torch.tensor([50.0, 0.0, 0.0, 0.0]).expand(BATCH, VISIBLE, 4), 1.0, 1.0),
        (50.0 * torch.eye(4)[torch.arange(BATCH * VISIBLE) % 4].reshape(BATCH, VISIBLE, 4), 4.0, 1.0),
    ],
    ids=["all alike", "one", "one each"],
)
def test_a_codebook_is_measured_and_codes_that_do_not_tell_tokens_apart_are_told(codes, in_use, of_a_token):
    logs = codes.log_softmax(dim=-1)
    health = diagnose(replace(output_of(), codes=CodeOutput(torch.zeros(BATCH, VISIBLE, DIM), logs, logs, logs)))
    assert health.as_dict()["codebook.perplexity"] == pytest.approx(in_use)
    assert health.as_dict()["codebook.token_perplexity"] == pytest.approx(of_a_token)
    alarms = [] if in_use > of_a_token else ["The codebook tells tokens hardly"]
    assert [sentence[:32] for sentence in check_collapse(health, health)] == alarms


def test_the_coarse_view_is_scored_against_the_mean_as_the_fine_one_is():
    fine = output_of()
    health = diagnose(replace(fine, coarse=fine))
    assert health.encoder == {"coarse.loss": health.loss, "coarse.lift_over_mean": health.lift_over_mean}


def test_coarser_resolutions_are_named_compared_with_their_own_start_and_read_back():
    health = diagnose(output_of())
    start = replace(health, coarser={4: health, 16: health})
    now = replace(health, coarser={4: health, 16: replace(health, std=health.std / 100)})
    assert now.as_dict()["resolution_16.std"] == health.std / 100
    assert [sentence[:35] for sentence in check_collapse(now, start)] == ["At resolution 16: The latents shran"]
    assert Diagnostics.from_dict(asdict(now)) == now
