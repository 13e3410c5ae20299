"""A head on an encoder that decodes values corrects what is decoded, and says so."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from tjepa_estimators import ForecastTask, export_forecaster
from tjepa_estimators.data.scaling import denormalize, instance_stats, normalize
from tjepa_estimators.errors import ConfigError
from tjepa_estimators.tasks import head
from tjepa_estimators.tasks.choice import HeadChoice
from tjepa_estimators.tasks.covariates import Covariates, CovariateScale
from tjepa_estimators.tasks.head import fit_head
from tjepa_estimators.tasks.network import ForecastNetwork, decoding_network
from tjepa_estimators.tasks.quantiles import DecodedQuantiles
from tjepa_estimators.tasks.rows import TrainingRows

HORIZON = 4
TRAIN = {"steps": 5, "batch_size": 32, "learning_rate": 1e-2}


def fitted(values, pretrained, **settings):
    return ForecastTask({"horizon": HORIZON} | settings, pretrained=pretrained, train=TRAIN).fit(values)


@pytest.fixture(scope="module")
def learned(pretrain_tiny):
    """An encoder that has learned to forecast waves, and waves of other periods to forecast."""
    random = np.random.default_rng(0)
    phases = [(period, phase) for period in (6, 8, 10, 12) for phase in range(5)]
    waves = [np.sin(np.arange(120.0) * 2 * np.pi / period + phase) for period, phase in phases]
    noisy = [one + 0.05 * random.standard_normal(120) for one in waves]
    return pretrain_tiny(noisy, config={"quantiles": {}, "latent": 0.3}, steps=300)


def wave(steps, noise=0.05):
    values = np.sin(np.arange(steps) * 2 * np.pi / 9) + noise * np.random.default_rng(1).standard_normal(steps)
    return values[:, None]


def test_a_head_of_very_few_windows_stays_near_what_is_decoded(learned):
    short = wave(24 + HORIZON)
    task = fitted(short, learned)
    zero_shot = ForecastTask({"horizon": HORIZON, "strategy": "zero_shot"}, pretrained=learned).fit(short)
    assert task.report_.centre == "decoded"
    np.testing.assert_allclose(task.predict([wave(80)]), zero_shot.predict([wave(80)]), atol=0.1)


class Oracle(nn.Module):
    """Knows what comes after each window of a series, up to an error."""

    def __init__(self, values, error=0.0):
        super().__init__()
        windows = torch.from_numpy(values[:, 0]).unfold(0, 24 + HORIZON, 1)
        stats = instance_stats(windows[:, :24])
        self.known, self.error = normalize(windows, stats), error

    def forward(self, scaled, horizon):
        found = torch.cdist(scaled, self.known[:, :24]).argmin(dim=1)
        return (self.known[found, 24:] + self.error).unsqueeze(-1)

    levels = (0.5,)

    def spread(self, scaled, horizon, levels):
        return torch.zeros(len(scaled), horizon, len(levels))


def judged(decoder, values):
    network = ForecastNetwork(None, 24, HORIZON, decoder=decoder).eval()
    scale = CovariateScale.fit(Covariates(), 0, HORIZON)
    rows = TrainingRows(
        [values], 24, HORIZON, validation=0.2, max_rows=10_000, seed=0, covariates=Covariates(), scale=scale
    )
    return network, fit_head(network, rows)[0]


def test_what_is_decoded_well_is_what_the_head_starts_from_and_the_linear_baseline_stands_beside():
    noise = np.random.default_rng(0).standard_normal((300, 1))
    network, report = judged(Oracle(noise), noise)
    assert report.centre == "decoded"
    assert report.chosen == "decoded+lookback"
    assert list(report.errors) == ["lookback", "decoded", "decoded+lookback"]
    assert report.errors["decoded"] < 1e-6
    assert report.errors["lookback"] > 0.5
    assert report.errors["decoded+lookback"] < 1e-3
    torch.testing.assert_close(network.head.weight[:, 24:], torch.eye(HORIZON))


def test_what_is_decoded_badly_is_left_alone_and_its_error_told():
    noise = np.random.default_rng(0).standard_normal((300, 1))
    network, report = judged(Oracle(noise, error=5.0), noise)
    assert report.centre == "mean"
    assert report.chosen == "lookback"
    assert report.errors["decoded"] > 10 * report.errors["lookback"]
    assert not network.head.weight[:, 24:].any()


def test_the_linear_baseline_is_that_of_a_task_without_an_encoder(learned):
    values = wave(90)
    linear = fitted(values, None, blocks="lookback", context_length=24, max_rows=16_384 // 4).report_
    assert fitted(values, learned).report_.errors["lookback"] == pytest.approx(linear.errors["lookback"], rel=1e-3)


def test_forecasts_scale_and_shift_with_their_context(learned):
    task = fitted(wave(40), learned)
    base = task.predict([wave(60)], 10, quantiles=[0.1, 0.9])
    moved = task.predict([100.0 * wave(60) - 5.0], 10, quantiles=[0.1, 0.9])
    np.testing.assert_allclose((moved + 5.0) / 100.0, base, atol=1e-3)


def test_other_series_may_judge(learned):
    task = ForecastTask({"horizon": HORIZON}, pretrained=learned).fit(wave(60), held_out=wave(90))
    assert np.isfinite(task.predict([wave(60)])).all()


# --- trained


def test_fine_tuning_lowers_the_error_of_what_is_decoded(tiny_decoding):
    train = TRAIN | {"steps": 60}
    values = wave(400)
    tuned = ForecastTask({"horizon": HORIZON, "strategy": "finetune"}, pretrained=tiny_decoding, train=train)
    before = fitted(values, tiny_decoding).report_.errors["decoded"]
    assert tuned.fit(values).report_.errors["decoded"] < 0.8 * before


def test_joint_training_gives_any_encoder_of_tokens_a_decoder(tiny_pretrained, waves):
    task = fitted(waves, tiny_pretrained, strategy="online")
    assert "decoded" in task.report_.errors
    assert tiny_pretrained.info.jepa.quantiles is None
    assert np.isfinite(task.predict(waves, 9, quantiles=[0.1, 0.9])).all()


def test_joint_training_goes_on_with_the_decoder_of_one_that_has_it(tiny_decoding, waves):
    before = tiny_decoding.fingerprint
    decoder = fitted(waves, tiny_decoding, strategy="online").network_.decoder
    old = dict(tiny_decoding.forecaster().named_parameters())
    assert any(not torch.equal(value, old[name]) for name, value in decoder.named_parameters())
    assert tiny_decoding.fingerprint == before


def test_joint_training_of_an_encoder_without_tokens_is_refused_with_the_reason(pretrain_tiny, waves):
    pooled = pretrain_tiny(config={"prediction": "pooled"}, steps=1)
    with pytest.raises(ConfigError, match=r"strategy='online' trains a decoder.*this one can have none.*'token'"):
        fitted(waves, pooled, strategy="online")


# --- exported


def exported(task, values, **options):
    return export_forecaster(task, **options).module()(torch.from_numpy(values)).numpy()


@pytest.mark.parametrize("centre", ["decoded", "lookback"])
def test_an_exported_head_still_reads_what_is_decoded(learned, tiny_decoding, centre):
    task = fitted(wave(40), learned) if centre == "decoded" else fitted(wave(600, noise=0.0), tiny_decoding)
    assert (task.report_.centre == "decoded") == (centre == "decoded")
    windows = np.stack([wave(80)[-task.context_length_ :], wave(60)[-task.context_length_ :]])
    np.testing.assert_allclose(exported(task, windows), task.predict(windows), atol=1e-4)


def test_a_forecaster_without_any_fit_is_exported_with_its_quantiles(learned):
    task = ForecastTask({"horizon": 20, "strategy": "zero_shot"}, pretrained=learned).fit(wave(30))
    windows = np.stack([wave(80)[-24:], wave(60)[-24:], np.full((24, 1), np.nan)])
    np.testing.assert_allclose(exported(task, windows), task.predict(windows), atol=1e-4)
    levels = [0.05, 0.5, 0.99]
    found = exported(task, windows, quantiles=levels)
    np.testing.assert_allclose(found, task.predict(windows, quantiles=levels), atol=1e-4)


def test_a_network_that_hands_on_what_is_decoded_adds_nothing(learned):
    decoder = learned.forecaster()
    raw = torch.from_numpy(wave(24).T.copy())
    forecast, stats = decoding_network(decoder, 24, HORIZON)(raw)
    expected = decoder((raw - stats.mean) / stats.std, HORIZON).mean(dim=-1)
    torch.testing.assert_close(forecast.double(), expected.double(), atol=1e-5, rtol=1e-5)


def test_a_forecast_is_that_of_the_head_also_where_its_quantiles_are_decoded(tiny_decoding, waves, monkeypatch):
    choose = head.choose_head
    monkeypatch.setattr(head, "choose_head", lambda *given: HeadChoice("decoded", choose(*given).blocks))
    task = ForecastTask({"horizon": 4, "context_length": 24}, pretrained=tiny_decoding).fit(waves)
    contexts = np.stack([one[-24:] for one in waves])
    forecast, stats = task.network_(torch.from_numpy(contexts[:, :, 0]))
    np.testing.assert_allclose(task.predict(contexts)[:, :, 0], denormalize(forecast.double(), stats), rtol=1e-6)
    monkeypatch.setattr(task, "quantiles_", DecodedQuantiles(task.network_.decoder))
    np.testing.assert_allclose(task.predict(contexts)[:, :, 0], denormalize(forecast.double(), stats), rtol=1e-6)
