"""Which encoder a task gets."""

from __future__ import annotations

import numpy as np
import pytest

from tjepa_estimators import TrainConfig, pretrain
from tjepa_estimators.tasks.encoder import brief_training, encoder_for
from tjepa_estimators.tasks.row_encoder import RowEncoder

WAVE = np.sin(np.arange(100.0))[:, None]


def test_the_given_encoder_is_taken_as_it_is():
    given = pretrain(WAVE, train={"steps": 1})
    assert encoder_for([WAVE], 10, pretrained=given) is given


def test_a_new_encoder_has_at_most_the_window_asked_for():
    assert encoder_for([WAVE], 40, train={"steps": 1}).info.jepa.window_length == 40


def test_a_preset_brings_its_own_encoder_and_training():
    made = encoder_for([WAVE], 12, jepa="temporal-jepa", train={"steps": 1})
    assert made.info.encoder_config["depth"] == 4
    assert made.info.provenance.train["learning_rate"] == pytest.approx(1e-4)


@pytest.mark.parametrize(("windows", "steps"), [(1, 1), (128, 10), (129, 11), (10**6, 300)])
def test_few_windows_get_few_steps(windows, steps):
    assert brief_training({}, windows).steps == steps


@pytest.mark.parametrize("given", [{"steps": 77}, {"epochs": 2.0}])
def test_a_budget_that_is_given_is_kept(given):
    settings = brief_training(given, windows=10)
    assert {name: getattr(settings, name) for name in given} == given
    assert TrainConfig(**given) == settings


def test_windows_embed_in_double_precision_as_the_encoder_does():
    encoder = pretrain(WAVE, train={"steps": 2})
    windows = np.random.default_rng(0).normal(size=(5, 60, 2))
    reader = RowEncoder(encoder)
    embedded = reader.features(reader.backbone(), reader.samples(windows))
    np.testing.assert_allclose(embedded, encoder.embed(windows), atol=1e-4)
    np.testing.assert_allclose(
        embedded[2:3], reader.features(reader.backbone(), reader.samples(windows[2:3])), rtol=1e-9
    )
