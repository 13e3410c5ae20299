"""Tuning changes a copy of the encoder, and the artifact never."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tjepa_estimators.tasks.covariates import Covariates, CovariateScale
from tjepa_estimators.tasks.forecast_config import ForecastConfig
from tjepa_estimators.tasks.network import ForecastNetwork
from tjepa_estimators.tasks.rows import TrainingRows
from tjepa_estimators.tasks.tuning import finetuned_parts, frozen_parts, online_parts
from tjepa_estimators.training.config import TrainConfig

TRAIN = TrainConfig(steps=5, batch_size=32, learning_rate=1e-2)


@pytest.fixture
def rows(waves):
    scale = CovariateScale.fit(Covariates(), 0, 4)
    return TrainingRows(waves, 24, 4, validation=0.2, max_rows=10_000, seed=0, covariates=Covariates(), scale=scale)


def make(parts):
    return ForecastNetwork(parts.backbone, 24, 4, decoder=parts.decoder).eval()


def tune(pretrained, rows, train=TRAIN, encoder_rate=0.5):
    """The backbone after all steps; which of them is kept is the matter of ``test_transfer.py``."""
    no_judges = rows.only("train").only("held_out")
    return finetuned_parts(pretrained, rows, make, train, ForecastConfig(encoder_rate=encoder_rate), no_judges).backbone


def moved(backbone, pretrained):
    teacher = pretrained.build().teacher.module
    return [not torch.equal(value, old) for value, old in zip(backbone.parameters(), teacher.parameters(), strict=True)]


def test_a_frozen_backbone_is_the_teacher_and_cannot_be_trained(tiny_pretrained):
    backbone = frozen_parts(tiny_pretrained).backbone
    assert not any(moved(backbone, tiny_pretrained))
    assert not any(value.requires_grad for value in backbone.parameters())
    assert not backbone.training


def test_tuning_moves_the_encoder_and_not_the_artifact(tiny_pretrained, rows):
    fingerprint = tiny_pretrained.fingerprint
    before = {name: value.clone() for name, value in tiny_pretrained.build().state_dict().items()}
    backbone = tune(tiny_pretrained, rows)
    assert all(moved(backbone, tiny_pretrained))
    assert not any(value.requires_grad for value in backbone.parameters())
    assert not backbone.training
    assert tiny_pretrained.fingerprint == fingerprint
    after = tiny_pretrained.build().state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())


def test_tuning_is_reproducible_and_leaves_the_generator_alone(tiny_pretrained, rows):
    before = torch.get_rng_state()
    first, again = (tune(tiny_pretrained, rows) for _ in range(2))
    assert all(map(torch.equal, first.parameters(), again.parameters()))
    assert torch.equal(torch.get_rng_state(), before)


def test_an_encoder_without_rate_stays_as_it_was(tiny_pretrained, rows):
    backbone = tune(tiny_pretrained, rows, encoder_rate=0.0)
    assert not any(moved(backbone, tiny_pretrained))


def test_batches_of_nothing_but_gaps_are_not_drawn(tiny_pretrained, waves):
    gappy = waves[2].copy()
    gappy[30:220] = np.nan
    scale = CovariateScale.fit(Covariates(), 0, 4)
    rows = TrainingRows([gappy], 24, 4, validation=0.2, max_rows=10_000, seed=0, covariates=Covariates(), scale=scale)
    train = TrainConfig(steps=20, batch_size=1, learning_rate=1e-2)
    backbone = tune(tiny_pretrained, rows, train)
    assert all(value.isfinite().all() for value in backbone.parameters())
    assert all(moved(backbone, tiny_pretrained))


def test_without_any_usable_row_the_encoder_stays_as_it_was(tiny_pretrained):
    values = np.full((100, 1), np.nan)
    values[-1] = 1.0
    scale = CovariateScale.fit(Covariates(), 0, 4)
    rows = TrainingRows([values], 24, 4, validation=0.2, max_rows=10_000, seed=0, covariates=Covariates(), scale=scale)
    assert not any(moved(tune(tiny_pretrained, rows), tiny_pretrained))


def test_joint_training_teaches_an_encoder_to_forecast_by_itself(tiny_pretrained, waves, rows):
    train = TrainConfig(steps=60, batch_size=32, learning_rate=1e-2)
    decoder = online_parts(tiny_pretrained, [one[:240] for one in waves], train).decoder
    batch = next(rows.batches("held_out"))
    forecast = decoder(batch.context, 4).mean(dim=-1)
    naive = batch.context.nanmean(dim=1, keepdim=True)
    assert (forecast - batch.target).square().mean() < 0.7 * (naive - batch.target).square().mean()


def test_fine_tuning_an_encoder_that_decodes_tunes_what_decodes(tiny_decoding, rows):
    parts, old = finetuned_parts(tiny_decoding, rows, make, TRAIN, ForecastConfig()), frozen_parts(tiny_decoding)
    before = dict(old.decoder.named_parameters())
    same = {name for name, value in parts.decoder.named_parameters() if torch.equal(value, before[name])}
    assert same == {"predictor.project_out.weight", "predictor.project_out.bias"}  # latents are not read from it
    assert all(map(torch.equal, parts.backbone.parameters(), old.backbone.parameters()))
