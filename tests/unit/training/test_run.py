"""Pretraining and fine-tuning: what they learn, what they refuse, and what they leave alone."""

from __future__ import annotations

import random
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import nn

from tjepa_estimators import PretrainedEncoder, pretrain
from tjepa_estimators.errors import CollapseWarning, ConfigError, DataError, PluginError
from tjepa_estimators.jepa.model import JEPA
from tjepa_estimators.training.config import TrainConfig
from tjepa_estimators.training.run import finetune, untrained
from tjepa_estimators.training.schedules import cosine_between


def parameters(encoder, part):
    return list(getattr(encoder.build(), part).parameters())


@pytest.fixture
def start(waves, tiny_jepa, tiny_encoder):
    """The network that every run of ``pretrain_tiny`` starts from."""
    return untrained(waves, encoder_config=tiny_encoder, config=tiny_jepa)


def test_the_teacher_moves_behind_the_student_by_its_momentum(pretrain_tiny, start):
    encoder = pretrain_tiny(config={"momentum": (0.9, 0.5)}, steps=1)
    before = parameters(start, "teacher")
    expected = [0.9 * old + 0.1 * new for old, new in zip(before, parameters(encoder, "student"), strict=True)]
    assert all(map(torch.allclose, parameters(encoder, "teacher"), expected))
    assert not any(map(torch.equal, parameters(encoder, "teacher"), before))


def test_the_teacher_moves_once_for_each_step_as_scheduled(pretrain_tiny, monkeypatch):
    used = []
    monkeypatch.setattr(JEPA, "update_teacher", lambda _, momentum: used.append(momentum))
    pretrain_tiny(config={"momentum": (0.9, 1.0)}, steps=5)
    assert used == [cosine_between(0.9, 1.0, step, 5) for step in range(5)]
    assert used == sorted(used)


def test_student_and_predictor_learn_and_the_teacher_does_not_catch_up(pretrain_tiny, start):
    encoder = pretrain_tiny(steps=5)
    for part in ("student", "predictor"):
        assert not any(map(torch.equal, parameters(encoder, part), parameters(start, part)))
    assert not any(map(torch.equal, parameters(encoder, "student"), parameters(encoder, "teacher")))


def test_the_same_seed_gives_the_same_weights_and_another_one_others(pretrain_tiny):
    assert pretrain_tiny(steps=3).fingerprint == pretrain_tiny(steps=3).fingerprint
    assert pretrain_tiny(steps=3).fingerprint != pretrain_tiny(steps=3, seed=1).fingerprint


def test_threads_get_what_a_single_run_gets(pretrain_tiny):
    dropout = {"dropout": 0.2}
    alone = [pretrain_tiny(encoder_config=dropout, steps=3, seed=seed).fingerprint for seed in (0, 1)]
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(pretrain_tiny, encoder_config=dropout, steps=3, seed=seed) for seed in (0, 1)]
    assert [run.result().fingerprint for run in runs] == alone


def test_nobody_elses_random_numbers_change(pretrain_tiny):
    def states():
        return torch.get_rng_state().tolist(), str(np.random.get_state()), random.getstate()  # noqa: NPY002

    before = states()
    pretrain_tiny(encoder_config={"dropout": 0.2}, steps=2).build()
    assert states() == before


def test_results_do_not_depend_on_the_callers_random_state(pretrain_tiny):
    runs = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        runs.append(pretrain_tiny(encoder_config={"dropout": 0.2}, steps=3).fingerprint)
    assert runs[0] == runs[1]


def test_nothing_is_printed_and_no_file_is_left(pretrain_tiny, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    pretrain_tiny(steps=3)
    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []


def test_a_progress_bar_is_shown_on_demand(pretrain_tiny, capfd):
    pretrain_tiny(steps=3, progress=True)
    assert "loss" in "".join(capfd.readouterr())


def test_the_number_of_threads_is_put_back(pretrain_tiny):
    before = torch.get_num_threads()
    pretrain_tiny(steps=1, threads=before + 1)
    assert torch.get_num_threads() == before


def test_a_memory_mapped_file_trains_as_the_array_does(pretrain_tiny, waves, tmp_path):
    np.save(tmp_path / "wave.npy", waves[0])
    mapped = np.load(tmp_path / "wave.npy", mmap_mode="r")
    assert pretrain_tiny(mapped, steps=3).fingerprint == pretrain_tiny(waves[0], steps=3).fingerprint


def test_the_scale_of_each_series_does_not_matter(pretrain_tiny, waves):
    scaled = pretrain_tiny([1024.0 * one for one in waves], steps=3)  # a power of two: no rounding
    for value, other in zip(parameters(scaled, "student"), parameters(pretrain_tiny(steps=3), "student"), strict=True):
        assert torch.allclose(value, other, atol=1e-5)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.empty(0), "empty"),
        (np.full(50, np.nan), "NaN only"),
        (np.r_[np.arange(50.0), np.inf], "infinite"),
        (np.array(["a", "b"]), "expected numbers"),
        ([], "series"),
    ],
)
def test_data_that_cannot_be_used_is_refused(pretrain_tiny, values, message):
    with pytest.raises(DataError, match=message):
        pretrain_tiny(values, steps=1)


@pytest.mark.parametrize(
    "values",
    [
        np.arange(3.0),
        np.array([7.0]),
        np.ones(100),
        np.zeros(100),
        np.where(np.arange(200) % 7 < 3, np.nan, np.arange(200.0)),
        np.r_[np.full(150, np.nan), np.arange(50.0)],
        1e30 * np.sin(np.arange(100.0)),
        np.r_[np.zeros(99), 1e300],
        [np.arange(3.0), np.sin(np.arange(100.0))],
        np.random.default_rng(0).standard_normal((80, 3)),
        np.arange(100, dtype=np.int32),
        np.sin(np.arange(100, dtype=np.float32)),
    ],
    ids=[
        "shorter than a patch", "one step", "constant", "zero", "gaps", "late start", "huge", "one jump",
        "short beside long", "channels", "integers", "single precision",
    ],
)  # fmt: skip
def test_odd_data_trains_to_finite_weights_and_embeds(pretrain_tiny, values):
    encoder = pretrain_tiny(values, steps=3)
    assert all(value.isfinite().all() for value in encoder.build().state_dict().values())
    assert np.isfinite(encoder.embed(np.sin(np.arange(48.0)).reshape(2, 24))).all()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"encoder": "tranformer"}, PluginError, "Did you mean 'transformer'"),
        ({"encoder_config": {"dept": 3}}, ConfigError, "dept"),
        ({"config": {"dimm": 8}}, ConfigError, "dimm"),
        ({"config": "tinny"}, ConfigError, "tinny"),
        ({"train": {"stpes": 3}}, ConfigError, "stpes"),
        ({"train": {"accelerator": "gpuu"}}, ConfigError, "gpuu"),
        ({"train": {"strategy": "dpp"}}, ConfigError, "dpp"),
        ({"train": {"precision": "12"}}, ConfigError, "12"),
    ],
)
def test_unknown_settings_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        pretrain(np.arange(100.0), **arguments)


@pytest.mark.parametrize(
    ("preset", "rate"),
    [("temporal-jepa", 1e-4), ("pooled-jepa", 1e-4), ("mts-jepa", 5e-4), ("mts-jepa-latent", 2e-3)],
)
def test_presets_train_and_embed(preset, rate):
    encoder = pretrain(np.sin(np.arange(220.0)), config=preset, train={"steps": 2, "batch_size": 8})
    assert encoder.embed(np.sin(np.arange(60.0))[None]).shape == (1, encoder.dim)
    assert encoder.info.provenance.train["learning_rate"] == rate
    assert all(value.isfinite().all() for value in encoder.build().state_dict().values())


def test_pretraining_goes_on_from_given_weights_and_leaves_them_alone(pretrain_tiny, tiny_pretrained, waves):
    fingerprint = tiny_pretrained.fingerprint
    further = pretrain(waves[0], initial=tiny_pretrained, train={"steps": 1, "learning_rate": 1e-9})
    assert further.info.jepa == tiny_pretrained.info.jepa
    assert further.info.encoder_config == tiny_pretrained.info.encoder_config
    assert further.fingerprint != fingerprint == tiny_pretrained.fingerprint
    for part in ("student", "predictor"):
        for value, old in zip(parameters(further, part), parameters(tiny_pretrained, part), strict=True):
            assert torch.allclose(value, old, atol=1e-6)


def test_the_artifact_tells_where_it_comes_from(pretrain_tiny, waves):
    provenance = pretrain_tiny(steps=3, seed=7).info.provenance
    assert provenance.seed == 7
    assert provenance.windows == sum(len(one) - 31 for one in waves)
    assert provenance.train["steps"] == 3
    assert set(provenance.provided_by) == {"tjepa-estimators"}
    assert provenance.diagnostics["loss"] > 0.0


def test_the_health_is_told_along_the_way(pretrain_tiny):
    told = []
    pretrain_tiny(steps=10, on_diagnostics=lambda step, health: told.append((step, health.rank)))
    assert [step for step, _ in told] == list(range(11))
    assert all(1.0 <= rank <= 8.0 for _, rank in told)


def test_a_predictor_that_learned_nothing_is_warned_of(pretrain_tiny):
    with pytest.warns(CollapseWarning, match="learned nothing beyond the mean target"):
        pretrain_tiny(steps=100, learning_rate=1e-9)


def test_a_run_too_short_to_judge_is_not_warned_of(pretrain_tiny):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pretrain_tiny(steps=2, learning_rate=1e-9)


def test_half_precision_trains(pretrain_tiny):
    encoder = pretrain_tiny(steps=3, precision="bf16-mixed")
    assert all(value.dtype == torch.float32 for value in parameters(encoder, "student"))


def test_random_weights_are_those_that_pretraining_starts_from(pretrain_tiny, start):
    barely = pretrain_tiny(steps=1, learning_rate=1e-12)
    for value, old in zip(parameters(barely, "student"), parameters(start, "student"), strict=True):
        assert torch.allclose(value, old, atol=1e-9)
    assert isinstance(start, PretrainedEncoder)


class Line(nn.Module):
    """A line through random points, with a slope in each of two groups, and a loss of its own if ``pulled``."""

    def __init__(self, pulled=0.0):
        super().__init__()
        self.pulled = pulled
        self.slow, self.fast = nn.Parameter(torch.zeros(1)), nn.Parameter(torch.zeros(1))

    def error(self, index, generator):
        x = index.float() / 10
        return (2 * x - (self.slow + self.fast) * x).square().mean()

    def auxiliary_losses(self):
        return {"pull": self.pulled * self.fast.square().sum()} if self.pulled else {}


def fit_line(rates=(0.0, 1.0), pulled=0.0, **train):
    line, calls = Line(pulled), []
    groups = [([line.slow], rates[0]), ([line.fast], rates[1])]
    settings = TrainConfig(**{"steps": 60, "batch_size": 4, "learning_rate": 0.2, "weight_decay": 0.0} | train)
    finetune(line, Line.error, 10, groups, settings, after_step=lambda: calls.append(line.training))
    return line, calls


def test_fine_tuning_finds_the_optimum_and_calls_back_after_each_step():
    line, calls = fit_line()
    assert line.fast.item() == pytest.approx(2.0, abs=0.2)
    assert calls == [True] * 60
    assert not line.training


def test_fine_tuning_adds_the_losses_that_a_network_has_of_its_own():
    assert fit_line(pulled=100.0)[0].fast.abs().item() < 0.2


def test_a_group_without_rate_stays_where_it_was():
    assert fit_line()[0].slow.item() == 0.0


def test_fine_tuning_with_the_same_seed_gives_the_same_result_and_leaves_the_generator_alone():
    before = torch.get_rng_state()
    first, second = fit_line(steps=5)[0], fit_line(steps=5)[0]
    assert torch.equal(first.fast, second.fast)
    assert torch.equal(torch.get_rng_state(), before)
