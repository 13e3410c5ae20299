"""Fine-tuning keeps what is worth keeping: rates by depth, and the weights that do best on the held-out tail."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tjepa_estimators import ForecastTask
from tjepa_estimators.errors import ConfigError
from tjepa_estimators.tasks.covariates import Covariates, CovariateScale
from tjepa_estimators.tasks.forecast_config import ForecastConfig
from tjepa_estimators.tasks.network import ForecastNetwork
from tjepa_estimators.tasks.rows import TrainingRows
from tjepa_estimators.tasks.tuning import finetuned_parts, frozen_parts
from tjepa_estimators.training.config import TrainConfig

TRAIN = {"steps": 6, "batch_size": 16, "learning_rate": 1e-2}
RUINOUS = {"steps": 40, "batch_size": 4, "learning_rate": 3.0}


class StoppedError(Exception):
    """A process that is killed."""


@pytest.fixture
def rows(waves):
    scale = CovariateScale.fit(Covariates(), 0, 4)
    return TrainingRows(waves, 24, 4, validation=0.2, max_rows=10_000, seed=0, covariates=Covariates(), scale=scale)


@pytest.fixture(params=["backbone", "decoder"])
def pretrained(request, tiny_pretrained, tiny_decoding):
    return {"backbone": tiny_pretrained, "decoder": tiny_decoding}[request.param]


def make(parts):
    return ForecastNetwork(parts.backbone, 24, 4, decoder=parts.decoder).eval()


def tune(pretrained, rows, train=TRAIN, judges=None, **config):
    return finetuned_parts(pretrained, rows, make, TrainConfig(**train), ForecastConfig(**config), judges)


def nobody(rows):
    return rows.only("train").only("held_out")


def weights(parts):
    return (parts.decoder or parts.backbone).state_dict()


def same(parts, other):
    return all(torch.equal(value, weights(other)[name]) for name, value in weights(parts).items())


def test_fine_tuning_that_can_only_harm_ends_where_it_began(pretrained, rows):
    parts = tune(pretrained, rows, RUINOUS, patience=None)
    assert same(parts, frozen_parts(pretrained))
    assert parts.report.best_step == 0
    assert parts.report.best == parts.report.start
    assert parts.report.steps == 40


def test_the_weights_that_are_kept_have_the_error_that_the_report_tells(tiny_decoding, rows):
    parts = tune(tiny_decoding, rows, TRAIN | {"steps": 40}, patience=None)
    assert 0 < parts.report.best_step <= parts.report.steps == 40
    assert parts.report.best < parts.report.start
    again = tune_from(parts, tiny_decoding, rows)
    assert again.report.start == pytest.approx(parts.report.best, rel=1e-5)


def tune_from(parts, pretrained, rows):
    """Fine-tune what was fine-tuned already, for one step of no size."""
    model = pretrained.build()
    for name in ("student", "predictor", "quantiles"):
        getattr(model, name).load_state_dict(getattr(parts.decoder, name).state_dict())
    further = type(pretrained)(pretrained.info, model.state_dict())
    return tune(further, rows, {"steps": 1, "learning_rate": 1e-12})


def test_patience_ends_a_run_that_gains_nothing(pretrained, rows):
    parts = tune(pretrained, rows, RUINOUS, patience=3)
    assert parts.report.steps == 6  # a check after each 20th part of 40 steps
    assert same(parts, frozen_parts(pretrained))


def test_the_held_out_rows_are_not_trained_on(pretrained, waves, rows):
    changed = [one.copy() for one in waves]
    for one in changed:
        one[-len(one) // 10 :] *= -5.0  # within the held-out part
    scale = CovariateScale.fit(Covariates(), 0, 4)
    given = {"validation": 0.2, "max_rows": 10_000, "seed": 0, "covariates": Covariates(), "scale": scale}
    other = TrainingRows(changed, 24, 4, **given)
    other._deviation = rows._deviation  # the one thing that is taken over whole series
    first, second = (tune(pretrained, one, judges=nobody(rows)) for one in (rows, other))
    assert same(first, second)
    assert first.report is None


@pytest.mark.parametrize("kill_at", [3, 8])
def test_a_run_that_was_killed_ends_as_one_that_was_not(pretrained, rows, tmp_path, monkeypatch, kill_at):
    train = RUINOUS | {"steps": 40, "checkpoint_every": 2}
    whole = tune(pretrained, rows, train, patience=5)
    assert whole.report.steps == 10
    stop_after(monkeypatch, rows, kill_at)
    saved = train | {"checkpoint_dir": str(tmp_path)}
    with pytest.raises(StoppedError):
        tune(pretrained, rows, saved, patience=5)
    monkeypatch.undo()
    for _ in range(2):  # goes on; then is there at once
        again = tune(pretrained, rows, saved, patience=5)
        assert same(again, whole)
        assert again.report == whole.report


def stop_after(monkeypatch, rows, steps):
    taken = []
    original = TrainingRows.rows

    def take(self, index):
        if len(index) == RUINOUS["batch_size"]:
            taken.append(1)
            if len(taken) > steps:
                raise StoppedError
        return original(self, index)

    monkeypatch.setattr(TrainingRows, "rows", take)


def test_a_run_that_took_all_its_steps_gives_the_same_when_it_is_called_again(pretrained, rows, tmp_path):
    saved = TRAIN | {"checkpoint_dir": str(tmp_path)}
    first, again = (tune(pretrained, rows, saved) for _ in range(2))
    assert same(first, again)
    assert first.report == again.report


def test_another_patience_is_another_run(tiny_pretrained, rows, tmp_path):
    saved = TRAIN | {"checkpoint_dir": str(tmp_path)}
    tune(tiny_pretrained, rows, saved)
    with pytest.raises(ConfigError, match="other settings or data"):
        tune(tiny_pretrained, rows, saved, patience=2)


def test_deep_layers_of_an_encoder_hardly_move_where_rates_decay(pretrained, rows):
    before = weights(frozen_parts(pretrained))

    def moved(layer_decay):
        parts = tune(pretrained, rows, judges=nobody(rows), encoder_rate=1.0, layer_decay=layer_decay)
        after = weights(parts)
        name = next(name for name in before if "tokenizer.embed" in name and name.endswith("weight"))
        return (after[name] - before[name]).abs().max().item()

    assert 0.0 < moved(0.01) < 0.1 * moved(1.0)


@pytest.mark.parametrize("setting", [{"layer_decay": 0.0}, {"layer_decay": 1.5}, {"patience": 0}])
def test_impossible_settings_are_refused(setting):
    with pytest.raises(ConfigError, match=next(iter(setting))):
        ForecastConfig(**setting)


def test_the_task_reports_its_fine_tuning_and_the_given_tail_judges_it(tiny_decoding, waves):
    config = {"horizon": 4, "context_length": 24, "strategy": "finetune"}
    task = ForecastTask(config, pretrained=tiny_decoding, train=TRAIN).fit(waves[:2])
    assert task.finetune_.best <= task.finetune_.start
    assert task.finetune_.steps == 6
    judged = ForecastTask(config, pretrained=tiny_decoding, train=TRAIN).fit(waves[:2], held_out=waves[2])
    assert judged.finetune_.start != task.finetune_.start
    frozen = ForecastTask({**config, "strategy": "frozen"}, pretrained=tiny_decoding).fit(waves[0])
    assert frozen.finetune_ is None


def test_series_too_short_to_judge_anything_are_tuned_on_as_they_are(tiny_pretrained):
    config = {"horizon": 4, "strategy": "finetune"}
    task = ForecastTask(config, pretrained=tiny_pretrained, train=TRAIN).fit(np.sin(np.arange(14.0)))
    assert np.isfinite(task.predict([np.sin(np.arange(14.0))])).all()
