"""Tuning changes a copy of the encoder, and the artifact never."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tjepa_estimators.tasks.covariates import Covariates, CovariateScale
from tjepa_estimators.tasks.network import ForecastNetwork
from tjepa_estimators.tasks.rows import TrainingRows
from tjepa_estimators.tasks.tuning import finetuned_backbone, frozen_backbone, online_backbone
from tjepa_estimators.training.config import TrainConfig

TRAIN = TrainConfig(steps=5, batch_size=32, learning_rate=1e-2)


@pytest.fixture
def rows(waves):
    scale = CovariateScale.fit(Covariates(), 0, 4)
    return TrainingRows(waves, 24, 4, validation=0.2, max_rows=10_000, seed=0, covariates=Covariates(), scale=scale)


def make(backbone):
    return ForecastNetwork(backbone, 24, 4).eval()


def tune(strategy, pretrained, rows, train=TRAIN):
    if strategy == "finetune":
        return finetuned_backbone(pretrained, rows, make, train, encoder_rate=0.5)
    return online_backbone(pretrained, rows, make, train)


def moved(backbone, pretrained):
    teacher = pretrained.build().teacher.module
    return [not torch.equal(value, old) for value, old in zip(backbone.parameters(), teacher.parameters(), strict=True)]


def test_a_frozen_backbone_is_the_teacher_and_cannot_be_trained(tiny_pretrained):
    backbone = frozen_backbone(tiny_pretrained)
    assert not any(moved(backbone, tiny_pretrained))
    assert not any(value.requires_grad for value in backbone.parameters())
    assert not backbone.training


@pytest.mark.parametrize("strategy", ["finetune", "online"])
def test_tuning_moves_the_encoder_and_not_the_artifact(strategy, tiny_pretrained, rows):
    fingerprint = tiny_pretrained.fingerprint
    before = {name: value.clone() for name, value in tiny_pretrained.build().state_dict().items()}
    backbone = tune(strategy, tiny_pretrained, rows)
    assert all(moved(backbone, tiny_pretrained))
    assert not any(value.requires_grad for value in backbone.parameters())
    assert not backbone.training
    assert tiny_pretrained.fingerprint == fingerprint
    after = tiny_pretrained.build().state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())


@pytest.mark.parametrize("strategy", ["finetune", "online"])
def test_tuning_is_reproducible_and_leaves_the_generator_alone(strategy, tiny_pretrained, rows):
    before = torch.get_rng_state()
    first, again = (tune(strategy, tiny_pretrained, rows) for _ in range(2))
    assert all(map(torch.equal, first.parameters(), again.parameters()))
    assert torch.equal(torch.get_rng_state(), before)


def test_an_encoder_without_rate_stays_as_it_was(tiny_pretrained, rows):
    backbone = finetuned_backbone(tiny_pretrained, rows, make, TRAIN, encoder_rate=0.0)
    assert not any(moved(backbone, tiny_pretrained))


@pytest.mark.parametrize("strategy", ["finetune", "online"])
def test_batches_of_nothing_but_gaps_are_not_drawn(strategy, tiny_pretrained, waves):
    gappy = waves[2].copy()
    gappy[30:220] = np.nan
    scale = CovariateScale.fit(Covariates(), 0, 4)
    rows = TrainingRows([gappy], 24, 4, validation=0.2, max_rows=10_000, seed=0, covariates=Covariates(), scale=scale)
    train = TrainConfig(steps=20, batch_size=1, learning_rate=1e-2)
    backbone = tune(strategy, tiny_pretrained, rows, train)
    assert all(value.isfinite().all() for value in backbone.parameters())
    assert all(moved(backbone, tiny_pretrained))


@pytest.mark.parametrize("strategy", ["finetune", "online"])
def test_without_any_usable_row_the_encoder_stays_as_it_was(strategy, tiny_pretrained):
    values = np.full((100, 1), np.nan)
    values[-1] = 1.0
    scale = CovariateScale.fit(Covariates(), 0, 4)
    rows = TrainingRows([values], 24, 4, validation=0.2, max_rows=10_000, seed=0, covariates=Covariates(), scale=scale)
    assert not any(moved(tune(strategy, tiny_pretrained, rows), tiny_pretrained))


def test_joint_training_lowers_the_forecasting_error(tiny_pretrained, rows):
    """The error of a head that gradients fitted beside the JEPA, against no head at all."""
    seen = []

    def remember(backbone):
        network = make(backbone)
        seen.append(network)
        return network

    online_backbone(tiny_pretrained, rows, remember, TrainConfig(steps=40, batch_size=32, learning_rate=1e-2))
    batch = next(rows.batches("held_out"))
    with torch.no_grad():
        forecast, stats = seen[0].eval()(batch.context)
    target = (batch.target - stats.mean) / stats.std
    assert (forecast - target).square().mean() < 0.7 * target.square().mean()
    assert np.isfinite(forecast.numpy()).all()
