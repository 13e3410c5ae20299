"""The anomaly task: what its scores must obey, whatever the encoder."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tjepa_estimators import AnomalyTask, pretrain
from tjepa_estimators.errors import ConfigError, DataError, NotFittedError
from tjepa_estimators.tasks.anomaly import AnomalyConfig

CONFIG = {"context_length": 24, "future_length": 8, "patch_length": 4, "dim": 8, "predictor_dim": 8}
WAVE = np.sin(np.arange(300.0) / 2)


@pytest.fixture(scope="module")
def encoder():
    return pretrain(WAVE, config=CONFIG, train={"steps": 5})


@pytest.fixture(scope="module")
def task(encoder):
    return AnomalyTask(pretrained=encoder).fit(WAVE)


@pytest.fixture
def pair():
    return np.stack([WAVE, np.cos(np.arange(300.0) / 3)], axis=1)


def test_a_planted_anomaly_gets_the_highest_score(encoder):
    series = np.concatenate([WAVE, WAVE[12:200]])
    series[400:412] = 0.0
    scores = AnomalyTask({"scores": ("neighbours",)}, pretrained=encoder).fit(WAVE).score(series)
    assert 392 <= scores.argmax() < 420


def test_scores_are_one_double_for_each_step(task):
    scores = task.score(WAVE[:123])
    assert scores.shape == (123,)
    assert scores.dtype == np.float64


@pytest.mark.parametrize("steps", [1, 2, 5, 31, 32, 33, 200])
def test_every_step_of_any_series_gets_a_finite_score(steps, task):
    assert np.isfinite(task.score(WAVE[7 : 7 + steps])).all()


@pytest.mark.parametrize("fill", [np.nan, 3.0, 0.0])
def test_missing_and_constant_values_get_finite_scores(fill, task):
    holes = WAVE.copy()
    holes[50:150] = fill
    holes[::7] = np.nan
    for series in (holes, np.full(80, fill)):
        assert np.isfinite(task.score(series)).all()


def test_nothing_observed_is_neither_normal_nor_abnormal(task):
    np.testing.assert_array_equal(task.score(np.full(50, np.nan)), 0.0)


def test_one_channel_may_come_without_an_axis(task):
    np.testing.assert_array_equal(task.score(WAVE[3:90]), task.score(WAVE[3:90, None]))


def test_scores_do_not_depend_on_level_and_little_on_what_is_scored_beside(task):
    windows = np.stack([WAVE[start : start + 32] for start in range(1, 60)])
    together = task.score_windows(windows)
    alone = np.concatenate([task.score_windows(one[None]) for one in windows])
    np.testing.assert_allclose(together, alone, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(task.score_windows(windows + 4.0), together, rtol=1e-6, atol=1e-6)


def test_the_order_of_windows_is_kept(task):
    windows = np.stack([WAVE[start : start + 32] for start in range(1, 40)])
    np.testing.assert_allclose(task.score_windows(windows[::-1]), task.score_windows(windows)[::-1], rtol=1e-9)


def test_a_window_scores_as_its_worst_step(task):
    window = np.random.default_rng(0).normal(size=(70, 1))
    assert task.score_windows(window[None])[0] == task.score(window).max()


def test_the_threshold_leaves_the_contaminated_share_above_it(encoder):
    task = AnomalyTask({"contamination": 0.1}, pretrained=encoder).fit(WAVE)
    assert np.mean(task.training_scores_[0] > task.threshold_) == pytest.approx(0.1, abs=0.01)


def test_series_of_the_training_get_their_honest_training_scores(encoder):
    task = AnomalyTask({"scores": ("neighbours",)}, pretrained=encoder).fit([WAVE, WAVE[:100] * 2])
    np.testing.assert_array_equal(task.score(WAVE), task.training_scores_[0])
    # one tiny change, and the training windows are found as neighbours of themselves
    changed = WAVE + 1e-9
    assert task.score(changed).mean() < task.training_scores_[0].mean()


def test_a_returned_score_may_be_written_to(task):
    first = task.score(WAVE)
    first[:] = 0.0
    assert task.score(WAVE).any()


def test_an_anomaly_in_one_of_many_channels_is_found(encoder):
    phases = np.arange(9.0)
    panel = np.sin(np.arange(400.0)[:, None] / 2 + phases)
    task = AnomalyTask({"scores": ("neighbours",)}, pretrained=encoder).fit(panel[:250])
    panel[330:345, 4] = 0.0
    scores = task.score(panel)
    assert 322 <= scores.argmax() < 353
    assert scores[330:345].min() > task.threshold_


def test_channels_are_compared_with_themselves(encoder, pair):
    task = AnomalyTask({"scores": ("neighbours",)}, pretrained=encoder).fit(pair[:200])
    assert task.score(pair[200:, ::-1]).mean() > task.score(pair[200:]).mean() + 1.0


def test_the_window_is_made_of_whole_patches_and_fits_the_data(encoder):
    short = AnomalyTask(pretrained=encoder).fit(WAVE[:20])
    chosen = AnomalyTask({"window": 21}, pretrained=encoder).fit(WAVE)
    assert short.window_ == 16  # four patches, the fewest
    assert chosen.window_ == 24
    assert AnomalyTask(pretrained=encoder).fit(WAVE).window_ == 32


def test_without_an_encoder_one_is_pretrained_on_the_data():
    task = AnomalyTask({"window": 16}, jepa={"dim": 8, "predictor_dim": 8}, train={"steps": 2}).fit(WAVE)
    assert task.pretrained_.info.jepa.window_length == 16
    assert task.pretrained_.info.provenance.train["steps"] == 2


def test_the_given_encoder_is_used_and_not_changed(encoder, task):
    before = {name: tensor.clone() for name, tensor in encoder.module.state_dict().items()}
    assert task.pretrained_ is encoder
    assert all(torch.equal(tensor, before[name]) for name, tensor in encoder.build().state_dict().items())


def test_an_encoder_of_a_pooled_predictor_scores_too():
    config = {**CONFIG, "prediction": "pooled"}
    task = AnomalyTask({"scores": ("prediction",)}, jepa=config, train={"steps": 2}).fit(WAVE)
    assert np.isfinite(task.score(WAVE[1:])).all()
    assert task.score(WAVE[1:]).any()


def test_overlapping_patches_score_too():
    task = AnomalyTask(jepa={**CONFIG, "patch_stride": 3}, train={"steps": 2}).fit(WAVE)
    assert np.isfinite(task.score(WAVE[1:])).all()


def test_the_global_random_state_is_left_alone(encoder):
    before = torch.get_rng_state()
    AnomalyTask({"max_windows": 3}, pretrained=encoder).fit(WAVE).score(WAVE[1:])
    assert torch.equal(torch.get_rng_state(), before)


def test_scores_before_fit_are_refused():
    with pytest.raises(NotFittedError, match="call fit"):
        AnomalyTask().score(WAVE)


def test_a_wrong_number_of_channels_is_refused(task, pair):
    with pytest.raises(DataError, match="Got 2 channels, but the task was fitted on 1"):
        task.score(pair)
    with pytest.raises(DataError, match="same channels"):
        AnomalyTask(pretrained=task.pretrained_).fit([WAVE, pair])


@pytest.mark.parametrize("wrong", [[1.0, np.inf], [], "text"])
def test_values_that_are_no_finite_numbers_are_refused(wrong, task):
    with pytest.raises(DataError):
        task.score(np.array(wrong))


@pytest.mark.parametrize(
    "wrong",
    [{"contamination": 0.0}, {"contamination": 0.6}, {"window": 0}, {"neighbours": 0}, {"scores": ()},
     {"scores": ("guess",)}, {"top_channels": 0}, {"stride": 0}, {"max_windows": 0}],
)  # fmt: skip
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        AnomalyConfig(**wrong)
