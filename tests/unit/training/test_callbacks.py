"""A run that was killed goes on to the weights that it would have reached."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import fields

import numpy as np
import pytest
import pytorch_lightning as pl
import torch

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.jepa.diagnostics import Diagnostics
from tjepa_estimators.training.callbacks import CollapseWatch
from tjepa_estimators.training.config import TrainConfig
from tjepa_estimators.training.run import finetune

DROPOUT = {"dropout": 0.3}
RUN = {"steps": 24, "checkpoint_every": 4, "threads": 1}

KILLED = """
import json, os, signal, sys
from pathlib import Path
import numpy as np
from tjepa_estimators import pretrain

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

arguments, where, when = json.loads(sys.argv[1]), sys.argv[2], int(sys.argv[3])
replaced = []
if where == "while saving":
    replace = Path.replace
    Path.replace = lambda self, target: die() if len(replaced) == when else (replaced.append(1), replace(self, target))
data = [np.load(path) for path in arguments.pop("data")]
pretrain(data, **arguments, on_diagnostics=lambda step, _: step == when and where == "at step" and die())
"""


@pytest.mark.slow
def test_a_run_killed_again_and_again_ends_in_the_same_weights(pretrain_tiny, waves, tiny_jepa, tiny_encoder, tmp_path):
    folder = str(tmp_path / "run")
    for number, one in enumerate(waves):
        np.save(tmp_path / f"{number}.npy", one)
    arguments = {
        "data": [str(tmp_path / f"{number}.npy") for number in range(len(waves))],
        "encoder_config": tiny_encoder | DROPOUT,
        "config": tiny_jepa,
        "train": {"batch_size": 32, "learning_rate": 1e-2, "checkpoint_dir": folder} | RUN,
    }
    for where, when in (("at step", 7), ("while saving", 1)):
        done = subprocess.run(
            [sys.executable, "-c", KILLED, json.dumps(arguments), where, str(when)],
            env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == -signal.SIGKILL, done.stderr
    told = []
    resumed = pretrain_tiny(
        encoder_config=DROPOUT, checkpoint_dir=folder, on_diagnostics=lambda step, _: told.append(step), **RUN
    )
    assert told[0] == 9  # the first run saved step 4, the second went on from there, saved 8 and died on saving 12
    assert resumed.fingerprint == pretrain_tiny(encoder_config=DROPOUT, **RUN).fingerprint


class Stopped(Exception):  # noqa: N818 - it is no error
    """Stands for a kill."""


def stop_at(step):
    def notify(now, _):
        if now == step:
            raise Stopped

    return notify


def stopped_run(pretrain_tiny, folder, step=9, **settings):
    with pytest.raises(Stopped):
        pretrain_tiny(checkpoint_dir=str(folder), on_diagnostics=stop_at(step), **RUN, **settings)


def test_a_stopped_run_ends_as_an_uninterrupted_one(pretrain_tiny, tmp_path):
    stopped_run(pretrain_tiny, tmp_path, encoder_config=DROPOUT)
    told = []
    resumed = pretrain_tiny(
        encoder_config=DROPOUT,
        checkpoint_dir=str(tmp_path),
        on_diagnostics=lambda step, _: told.append(step),
        **RUN,
    )
    assert told == list(range(9, 25))
    whole = pretrain_tiny(encoder_config=DROPOUT, **RUN)
    assert resumed.fingerprint == whole.fingerprint
    assert resumed.info.provenance.diagnostics == whole.info.provenance.diagnostics


def test_the_interval_between_checkpoints_and_the_folder_do_not_change_the_result(pretrain_tiny, tmp_path):
    saved = pretrain_tiny(checkpoint_dir=str(tmp_path / "new" / "folder"), **RUN)
    assert saved.info.provenance.train["checkpoint_dir"] is None
    assert saved.fingerprint == pretrain_tiny(steps=24).fingerprint


def test_a_finished_run_gives_the_same_encoder_again_without_training(pretrain_tiny, tmp_path):
    told = []
    first = pretrain_tiny(checkpoint_dir=str(tmp_path), **RUN)
    again = pretrain_tiny(checkpoint_dir=str(tmp_path), on_diagnostics=lambda step, _: told.append(step), **RUN)
    assert again == first
    assert told == []


@pytest.mark.parametrize(
    "change",
    [
        {"learning_rate": 2e-2},
        {"batch_size": 16},
        {"weight_decay": 0.5},
        {"warmup": 0.5},
        {"gradient_clip": 0.1},
        {"seed": 1},
        {"steps": 30},
        {"config": {"momentum": (0.9, 0.9)}},
        {"encoder_config": {"depth": 2}},
        {"data": np.sin(np.arange(100.0))},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_run_with_other_settings_is_not_continued(pretrain_tiny, tmp_path, change):
    stopped_run(pretrain_tiny, tmp_path)
    with pytest.raises(ConfigError, match="holds a run with other settings or data; choose another checkpoint_dir"):
        pretrain_tiny(checkpoint_dir=str(tmp_path), **{**RUN, **change})


def test_other_weights_to_start_from_are_not_continued(pretrain_tiny, tiny_pretrained, tmp_path):
    stopped_run(pretrain_tiny, tmp_path)
    with pytest.raises(ConfigError, match="other settings"):
        pretrain_tiny(checkpoint_dir=str(tmp_path), initial=tiny_pretrained, **RUN)


def test_settings_that_change_no_result_may_change(pretrain_tiny, tmp_path):
    stopped_run(pretrain_tiny, tmp_path)
    resumed = pretrain_tiny(checkpoint_dir=str(tmp_path), **RUN | {"checkpoint_every": 3, "progress": False})
    assert resumed.fingerprint == pretrain_tiny(steps=24).fingerprint


def test_a_checkpoint_that_was_written_by_half_is_not_gone_on_from(pretrain_tiny, tmp_path, monkeypatch):
    save = pl.Trainer.save_checkpoint

    def run_out_of_space(trainer, path, *arguments):
        save(trainer, path, *arguments)
        if trainer.global_step == 12:
            path.write_bytes(path.read_bytes()[:1000])
            raise Stopped

    monkeypatch.setattr(pl.Trainer, "save_checkpoint", run_out_of_space)
    with pytest.raises(Stopped):
        pretrain_tiny(checkpoint_dir=str(tmp_path), **RUN)
    monkeypatch.undo()
    told = []
    resumed = pretrain_tiny(checkpoint_dir=str(tmp_path), on_diagnostics=lambda step, _: told.append(step), **RUN)
    assert told[0] == 9
    assert resumed.fingerprint == pretrain_tiny(steps=24).fingerprint


def test_no_unfinished_file_stays_behind(pretrain_tiny, tmp_path):
    pretrain_tiny(checkpoint_dir=str(tmp_path), **RUN)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pretrain.ckpt", "pretrain.settings"]


def tune(folder, data="a", stop=None):
    network, steps = torch.nn.Linear(1, 1), []
    torch.nn.init.zeros_(network.weight)
    torch.nn.init.zeros_(network.bias)

    def loss(module, index, _):
        steps.append(1)
        if len(steps) == stop:
            raise Stopped
        x = index.float().unsqueeze(1) / 10
        return (module(x) - 3 * x).square().mean()

    train = TrainConfig(steps=10, batch_size=4, checkpoint_dir=folder, checkpoint_every=2)
    finetune(network, loss, 10, [(list(network.parameters()), 1.0)], train, identity={"data": data})
    return network, len(steps)


def test_a_stopped_fine_tuning_goes_on_beside_a_pretraining_in_the_same_folder(pretrain_tiny, tmp_path):
    pretrain_tiny(checkpoint_dir=str(tmp_path), **RUN)
    with pytest.raises(Stopped):
        tune(str(tmp_path), stop=6)
    resumed, steps = tune(str(tmp_path))
    assert steps == 6
    assert torch.equal(resumed.weight, tune(None)[0].weight)


def test_fine_tuning_on_other_data_is_not_continued(tmp_path):
    tune(str(tmp_path))
    with pytest.raises(ConfigError, match="other settings or data"):
        tune(str(tmp_path), data="b")


def test_a_continued_run_knows_what_the_encoder_reported_before():
    numbers = {part.name: 0.5 for part in fields(Diagnostics)}
    told = {"encoder": {"encoder.blocks.0.expert_0_use": 1.0}, "coarser": {}}
    watch, continued = CollapseWatch(1), CollapseWatch(1)
    watch.first = Diagnostics(**numbers | told | {"coarser": {4: Diagnostics(**numbers | told)}})
    continued.load_state_dict(watch.state_dict())
    assert (continued.first, continued.last) == (watch.first, None)


# --- several domains


def two_domains(waves):
    return {"short": waves[:1], "long": waves[1:]}


def test_a_stopped_run_on_several_domains_ends_as_an_uninterrupted_one(pretrain_tiny, waves, tmp_path):
    data = two_domains(waves)
    stopped_run(pretrain_tiny, tmp_path, step=22, data=data, encoder_config=DROPOUT)  # after both domains were measured
    resumed = pretrain_tiny(data, encoder_config=DROPOUT, checkpoint_dir=str(tmp_path), **RUN)
    whole = pretrain_tiny(data, encoder_config=DROPOUT, **RUN)
    assert resumed.fingerprint == whole.fingerprint
    assert resumed.info.provenance.domains == whole.info.provenance.domains
    assert set(whole.info.provenance.domains) == {"short", "long"}


def test_a_finished_run_on_several_domains_still_tells_how_each_fared(pretrain_tiny, waves, tmp_path):
    first = pretrain_tiny(two_domains(waves), checkpoint_dir=str(tmp_path), **RUN)
    again = pretrain_tiny(two_domains(waves), checkpoint_dir=str(tmp_path), **RUN)
    assert again == first
    assert set(again.info.provenance.domains) == {"short", "long"}


@pytest.mark.parametrize(
    "mixture",
    [{"temperature": 1.0}, {"weights": {"short": 1.0, "long": 9.0}}, {"validation": 0.2}],
    ids=lambda mixture: next(iter(mixture)),
)
def test_a_run_that_mixes_domains_otherwise_is_not_continued(pretrain_tiny, waves, tmp_path, mixture):
    stopped_run(pretrain_tiny, tmp_path, data=two_domains(waves))
    with pytest.raises(ConfigError, match="holds a run with other settings or data"):
        pretrain_tiny(two_domains(waves), checkpoint_dir=str(tmp_path), mixture=mixture, **RUN)


def test_another_part_held_out_is_another_run_also_with_shares_of_ones_own(pretrain_tiny, waves, tmp_path):
    weights = {"short": 0.5, "long": 0.5}
    stopped_run(pretrain_tiny, tmp_path, data=two_domains(waves), mixture={"weights": weights})
    with pytest.raises(ConfigError, match="holds a run with other settings or data"):
        pretrain_tiny(
            two_domains(waves),
            checkpoint_dir=str(tmp_path),
            mixture={"weights": weights, "validation": 0.3},
            **RUN,
        )


def test_domains_are_measured_now_and_then_and_at_the_end_and_training_goes_on_as_without(pretrain_tiny, waves):
    data = two_domains(waves)
    measured = pretrain_tiny(data, mixture={"validation": 0.1}, encoder_config=DROPOUT, steps=7)
    health = measured.info.provenance.domains
    assert set(health) == {"short", "long"}
    assert all(numbers["loss"] > 0.0 and "lift_over_copy" in numbers for numbers in health.values())
    seen = {name: [one[: len(one) - round(0.1 * len(one))] for one in series] for name, series in data.items()}
    alone = pretrain_tiny(seen, mixture={"validation": 0.0}, encoder_config=DROPOUT, steps=7)
    assert alone.info.provenance.domains == {}
    assert alone.fingerprint == measured.fingerprint
