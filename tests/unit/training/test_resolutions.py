"""Pretraining at several resolutions: what each sees, how it is watched, and that the artifact is like any other."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch

from tjepa_estimators import JEPAConfig, PretrainedEncoder, TrainConfig, pretrain
from tjepa_estimators.data.windows import WindowSource
from tjepa_estimators.errors import CollapseWarning
from tjepa_estimators.jepa.build import build_jepa
from tjepa_estimators.jepa.objective import build_objective
from tjepa_estimators.settings import as_settings
from tjepa_estimators.tasks.forecast import ForecastTask
from tjepa_estimators.training.module import PretrainModule

SEVERAL = {"resolutions": (1, 2, 4)}
PARTS = {"coarse": 0.5, "codebook": {"codes": 6}, "normalize_targets": False, "reconstruction": (0.5, 0.1)}


class Stopped(Exception):  # noqa: N818 - it is no error
    """Stands for a kill."""


def same(one, other):
    return one.keys() == other.keys() and all(map(torch.equal, one.values(), other.values()))


@pytest.fixture
def module(tiny_jepa, tiny_encoder):
    """A pretraining on the given series, with all weights at their start."""

    def make(values, train=None, **settings):
        config = as_settings(JEPAConfig, tiny_jepa | settings)
        source = WindowSource(values, config.reach, min_observed=config.window_length)
        model = build_jepa(config, "transformer", tiny_encoder)
        return PretrainModule(model, source, config, train or TrainConfig(steps=1))

    return make


def test_one_resolution_alone_trains_to_the_weights_of_a_plain_jepa(pretrain_tiny):
    plain = pretrain_tiny(steps=3)
    assert (
        pretrain_tiny(config={"resolutions": (1,), "resolution_weights": (1.0,)}, steps=3).fingerprint
        == plain.fingerprint
    )


def test_a_coarse_view_is_what_a_plain_jepa_sees_of_averaged_series(module, waves):
    wave = waves[1][-248:].astype(np.float32)
    averages = wave.reshape(-1, 4, 1).mean(axis=1)
    several, plain = module([wave], resolutions=(1, 4)), module([averages])
    last = torch.tensor([len(several.source) - 1])
    seen = several._view(several.source.gather(last), 4)
    expected = plain.source.gather(torch.tensor([len(plain.source) - 1]))
    torch.testing.assert_close(seen, expected)
    masks = plain.config.masker()(8, 1, torch.Generator().manual_seed(0))
    for name in ("target", "latents"):
        found, wanted = getattr(several.model.at(4)(seen, masks), name), getattr(plain.model(expected, masks), name)
        torch.testing.assert_close(found, wanted)


def test_the_fine_view_is_not_shortened_by_the_coarse_ones(module, waves):
    several, plain = module(waves, **SEVERAL), module(waves)
    assert len(several.source) == len(plain.source)
    index = torch.arange(len(plain.source))
    assert torch.equal(several._view(several.source.gather(index), 1), plain.source.gather(index))


def test_each_resolution_gets_masks_of_its_own_and_the_weighted_objectives_are_added(module, waves, monkeypatch):
    training = module(waves, resolutions=(1, 4), resolution_weights=(2.0, 0.5))
    monkeypatch.setattr(training, "share", lambda rows: rows)
    index, drawn, losses = torch.arange(8), [], {}
    masker = training.config.masker()
    keeping = lambda *given: drawn.append(masker(*given)) or drawn[-1]  # noqa: E731 - short, used once
    monkeypatch.setattr(JEPAConfig, "masker", lambda *_: keeping)
    total = training.loss(index, torch.Generator().manual_seed(0))
    assert len(drawn) == 2
    assert not torch.equal(drawn[0].targets, drawn[1].targets)
    for factor, masks in zip((1, 4), drawn, strict=True):
        raw = training._view(training.source.gather(index), factor)
        losses[factor] = build_objective(training.config)(training.model.at(factor)(raw, masks)).total
    torch.testing.assert_close(total, 2.0 * losses[1] + 0.5 * losses[4])


@pytest.mark.parametrize("settings", [SEVERAL, SEVERAL | {"share_encoder": False}, SEVERAL | PARTS])
def test_an_artifact_of_several_resolutions_is_saved_read_copied_and_built(pretrain_tiny, settings, tmp_path):
    encoder = pretrain_tiny(config=settings, steps=3)
    windows = np.random.default_rng(0).standard_normal((3, 24))
    for twin in (
        PretrainedEncoder.load(encoder.save(tmp_path / "encoder")),
        pickle.loads(pickle.dumps(encoder)),  # noqa: S301 - our own
        copy.deepcopy(encoder),
    ):
        assert twin == encoder
        assert same(twin.build().state_dict(), encoder.build().state_dict())
        np.testing.assert_array_equal(twin.embed(windows), encoder.embed(windows))
    assert [encoder.module.at(factor) is encoder.module.at(1) for factor in (1, 2, 4)] == [True, False, False]


def test_what_uses_one_resolution_gets_the_finest(pretrain_tiny, waves):
    encoder = pretrain_tiny(config=SEVERAL, steps=3)
    finest = encoder.module.at(1).teacher.module
    windows = np.random.default_rng(0).standard_normal((3, 24)).astype(np.float32)
    np.testing.assert_allclose(
        encoder.embed(windows), finest.pooled(torch.from_numpy(windows)).detach().numpy(), atol=1e-6
    )
    before = encoder.fingerprint
    for strategy in ("frozen", "finetune", "online"):
        train = {"steps": 2, "batch_size": 8, "progress": False}
        task = ForecastTask({"horizon": 4, "strategy": strategy}, pretrained=encoder, train=train)
        assert np.isfinite(task.fit(waves[:1]).predict(waves[:1])).all()
    assert encoder.fingerprint == before


def test_pretraining_goes_on_from_several_resolutions(pretrain_tiny, waves):
    encoder = pretrain_tiny(config=SEVERAL, steps=2)
    further = pretrain(waves[0][:60], initial=encoder, train={"steps": 1, "batch_size": 8})
    assert further.info.jepa == encoder.info.jepa
    assert further.module.state_dict().keys() == encoder.module.state_dict().keys()


@pytest.mark.parametrize("settings", [SEVERAL, SEVERAL | {"share_encoder": False} | PARTS])
def test_a_stopped_run_of_several_resolutions_ends_as_an_uninterrupted_one(pretrain_tiny, tmp_path, settings):
    def stop(step, _):
        if step == 5:
            raise Stopped

    run = {"config": settings, "encoder_config": {"dropout": 0.3}, "steps": 12, "checkpoint_every": 4}
    with pytest.raises(Stopped):
        pretrain_tiny(checkpoint_dir=str(tmp_path), on_diagnostics=stop, **run)
    resumed, whole = pretrain_tiny(checkpoint_dir=str(tmp_path), **run), pretrain_tiny(**run)
    assert resumed.fingerprint == whole.fingerprint
    assert resumed.info.provenance.diagnostics == whole.info.provenance.diagnostics


@pytest.mark.parametrize("share", [True, False])
def test_every_part_of_every_resolution_learns(pretrain_tiny, share):
    settings = SEVERAL | PARTS | {"share_encoder": share}
    barely, more = (pretrain_tiny(config=settings, steps=5, learning_rate=rate) for rate in (1e-12, 1e-2))
    start = dict(barely.build().named_parameters())
    for name, value in more.build().named_parameters():
        assert not torch.allclose(value, start[name], rtol=0.0, atol=1e-7), name


def test_the_health_of_each_resolution_is_told_and_kept(pretrain_tiny):
    told = []
    encoder = pretrain_tiny(config=SEVERAL | PARTS, steps=4, on_diagnostics=lambda _, health: told.append(health))
    assert set(told[0].coarser) == {2, 4}
    kept = encoder.info.provenance.diagnostics
    assert kept["resolution_4.std"] == told[-1].coarser[4].std > 0.0
    for name in ("codebook.perplexity", "resolution_2.codebook.perplexity", "resolution_4.codebook.token_perplexity"):
        assert 1.0 <= kept[name] <= 6.0
    assert {"coarse.loss", "resolution_4.coarse.lift_over_mean"} <= kept.keys()


def test_a_resolution_that_learned_nothing_is_named(pretrain_tiny):
    with pytest.warns(CollapseWarning) as told:
        pretrain_tiny(config={"resolutions": (1, 4)}, steps=100, learning_rate=1e-9)
    starts = sorted(str(one.message)[:40] for one in told)
    assert starts == ["At resolution 4: The predictor learned n", "The predictor learned nothing beyond the"]


@pytest.mark.parametrize(
    "values",
    [
        np.arange(3.0),
        np.ones(150),
        np.where(np.arange(300) % 7 < 3, np.nan, np.arange(300.0)),
        np.r_[np.full(200, np.nan), np.arange(50.0)],
        [np.arange(3.0), np.sin(np.arange(200.0))],
        np.r_[np.zeros(199), 1e300],
    ],
    ids=["short", "constant", "gaps", "late start", "short beside long", "one jump"],
)
@pytest.mark.parametrize("settings", [SEVERAL, SEVERAL | PARTS])
def test_odd_series_train_to_finite_weights(pretrain_tiny, values, settings):
    encoder = pretrain_tiny(values, config=settings, steps=3)
    assert all(value.isfinite().all() for value in encoder.build().state_dict().values())
    assert np.isfinite(encoder.embed(np.sin(np.arange(48.0)).reshape(2, 24))).all()


def test_resolutions_that_no_series_can_hold_are_left_out(pretrain_tiny, waves):
    settings = {"resolutions": (1, 4, 16)}
    assert pretrain_tiny(waves, config=settings, steps=1).info.jepa.resolutions == (1, 4)
    assert pretrain_tiny(waves[0][:100], config=settings, steps=1).info.jepa.resolutions == (1,)


@pytest.mark.parametrize(
    ("masking", "hidden"),
    [
        (({"kind": "future", "options": {"low": 0.2, "high": 0.5}}, {"kind": "block"}), 2),
        (({"kind": "future", "options": {"low": 0.5, "high": 0.5}},), 4),
        (({"kind": "future", "options": {"low": 0.1, "high": 0.15}},), 1),
        (({"kind": "random"},), 2),
    ],
)
def test_health_is_measured_with_a_future_of_a_length_that_training_hides(module, waves, masking, hidden):
    _, masks = module(waves, masking=masking).probe(1)
    assert masks.targets[0, 0].tolist() == list(range(8 - hidden, 8))
