"""The anomaly task: what its scores must obey, whatever the encoder."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch

from tjepa_estimators import AnomalyTask
from tjepa_estimators.errors import ConstantDataWarning, DataError, NotFittedError
from tjepa_estimators.tasks.anomaly import task as task_module
from tjepa_estimators.tasks.thresholds import AlarmRate

CONFIG = {"context_length": 24, "future_length": 8, "patch_length": 4, "dim": 8, "predictor_dim": 8}
WAVE = np.sin(np.arange(300.0) / 2)
NO_NEIGHBOURS = ("prediction", "subspace", "level")


# Scores


def test_a_planted_anomaly_gets_the_highest_score(task, rhythms):
    series = rhythms(400, seed=1)
    series[300:312, 1] = 3.0
    scores = task.score(series)
    assert 292 <= scores.argmax() < 320
    assert (scores[300:312] > task.threshold_).all()


def test_scores_are_one_double_for_each_step(single):
    scores = single.score(WAVE[:123])
    assert scores.shape == (123,)
    assert scores.dtype == np.float64


@pytest.mark.parametrize("fusion", ["mean", "max", "rank", "agreement"])
@pytest.mark.parametrize("steps", [16, 17, 40, 200])
def test_every_step_of_any_series_gets_a_finite_score(fusion, steps, rhythms, tiny_pretrained):
    config = {"window": 16, "resolutions": (1, 4), "fusion": fusion}
    fitted = AnomalyTask(config, pretrained=tiny_pretrained).fit(rhythms(300))
    assert np.isfinite(fitted.score(rhythms(steps, seed=1))).all()


@pytest.mark.parametrize("fill", [np.nan, 3.0, 0.0])
def test_missing_and_constant_values_get_finite_scores(fill, single):
    holes = WAVE.copy()
    holes[50:150] = fill
    holes[::7] = np.nan
    for series in (holes, np.full(80, fill)):
        assert np.isfinite(single.score(series)).all()


def test_masked_values_are_missing_values(single):
    hidden = np.arange(300) % 9 == 0
    masked = np.ma.masked_array(np.where(hidden, 1e5, WAVE), hidden)
    np.testing.assert_array_equal(single.score(masked), single.score(np.where(hidden, np.nan, WAVE)))


def test_nothing_observed_is_neither_normal_nor_abnormal(single):
    np.testing.assert_array_equal(single.score(np.full(50, np.nan)), 0.0)


def test_one_channel_may_come_without_an_axis(single):
    np.testing.assert_array_equal(single.score(WAVE[3:90]), single.score(WAVE[3:90, None]))


@pytest.mark.parametrize("lookahead", [True, False])
def test_a_channel_in_other_units_gets_the_same_scores(lookahead, rhythms, tiny_pretrained):
    def scores(factor, shift):
        config = {"window": 16, "resolutions": (1, 4), "lookahead": lookahead}
        fitted = AnomalyTask(config, pretrained=tiny_pretrained).fit(rhythms(400) * factor + shift)
        return fitted.score(rhythms(200, seed=1) * factor + shift)

    other = scores(np.array([1000.0, 0.3, 2.0]), np.array([-50.0, 0.7, 273.15]))
    np.testing.assert_allclose(other, scores(1.0, 0.0), atol=1e-3)


def test_channels_may_stand_in_another_order(rhythms, tiny_pretrained):
    def scores(order):
        config = {"window": 16, "resolutions": (1, 4), "scores": NO_NEIGHBOURS}
        fitted = AnomalyTask(config, pretrained=tiny_pretrained).fit(rhythms(400)[:, order])
        return fitted.score(rhythms(200, seed=1)[:, order])

    np.testing.assert_allclose(scores([2, 0, 1]), scores([0, 1, 2]), atol=1e-4)


def test_channels_are_compared_with_themselves(task, rhythms):
    series = rhythms(300, seed=1)
    assert task.score(series[:, ::-1]).mean() > task.score(series).mean() + 0.3


def test_a_level_that_was_never_there_is_abnormal_and_may_be_left_out(rhythms, tiny_pretrained):
    high = rhythms(300, seed=1) + 3.0

    def share_above(**given):
        fitted = AnomalyTask({"window": 16, **given}, pretrained=tiny_pretrained).fit(rhythms(600))
        return np.mean(fitted.score(high) > fitted.threshold_)

    assert share_above(scores=("level",)) == 1.0
    assert share_above(scores=("prediction", "subspace", "neighbours")) < 0.3


def test_a_dead_channel_that_wakes_is_abnormal_whatever_its_units(rhythms, tiny_pretrained):
    found = []
    for wake in (1e-3, 1e6):
        train, later = rhythms(400), rhythms(200, seed=1)
        train[:, 1], later[:, 1] = 5.0, 5.0
        later[100:, 1] += wake
        fitted = AnomalyTask({"window": 16}, pretrained=tiny_pretrained).fit(train)
        found.append(fitted.score(later))
        assert found[-1][120:].mean() > found[-1][:80].mean() + 0.1
    np.testing.assert_array_equal(*found)


# Windows


def test_a_window_is_scored_as_a_series_of_its_own(task, rhythms):
    windows = np.stack([rhythms(40, seed=seed) for seed in range(6)])
    alone = [task.score(one).max() for one in windows]
    np.testing.assert_allclose(task.score_windows(windows), alone, rtol=1e-9)
    np.testing.assert_allclose(task.score_windows(windows[::-1]), alone[::-1], rtol=1e-9)


def test_windows_that_were_fitted_on_get_their_training_scores_in_their_place(rhythms, tiny_pretrained):
    windows = np.stack([rhythms(40, seed=seed) for seed in range(300)])
    fitted = AnomalyTask({"window": 16}, pretrained=tiny_pretrained).fit([*windows[:200], rhythms(90, seed=7)])
    scores = fitted.score_windows(windows[::-1])[::-1]
    np.testing.assert_array_equal(scores[:200], [one.max() for one in fitted.training_scores_[:200]])
    np.testing.assert_allclose(scores[200:205], [fitted.score(one).max() for one in windows[200:205]], rtol=1e-9)
    assert len(fitted.training_scores_[200]) == 90


# Training series and thresholds


def test_series_of_the_training_get_their_honest_training_scores(tiny_pretrained):
    fitted = AnomalyTask({"scores": ("neighbours",)}, pretrained=tiny_pretrained).fit([WAVE, WAVE[:100] * 2])
    np.testing.assert_array_equal(fitted.score(WAVE), fitted.training_scores_[0])
    # one tiny change, and the training windows are found as neighbours of themselves
    assert fitted.score(WAVE + 1e-9).mean() < fitted.training_scores_[0].mean()


def test_a_returned_score_may_be_written_to(single):
    first = single.score(WAVE)
    first[:] = 0.0
    assert single.score(WAVE).any()


def test_the_threshold_leaves_the_contaminated_share_above_it(rhythms, tiny_pretrained):
    fitted = AnomalyTask({"contamination": 0.1}, pretrained=tiny_pretrained).fit(rhythms(1000))
    assert np.mean(fitted.training_scores_[0] > fitted.threshold_) == pytest.approx(0.1, abs=0.01)


def test_the_threshold_may_be_a_rule(rhythms, tiny_pretrained):
    rule = AlarmRate(2, 500)
    fitted = AnomalyTask({"threshold": rule}, pretrained=tiny_pretrained).fit(rhythms(1000))
    assert fitted.threshold_ == rule(fitted.training_scores_)


def test_data_in_which_nothing_varies_are_warned_of(tiny_pretrained):
    with pytest.warns(ConstantDataWarning, match="No channel of the training data ever varies"):
        AnomalyTask(pretrained=tiny_pretrained).fit(np.full(100, 3.0))


# Pieces


def test_a_series_is_scored_the_same_in_large_and_small_pieces(task, rhythms, monkeypatch):
    series = rhythms(300, seed=1)
    whole = task.score(series)
    monkeypatch.setattr(task_module, "_PIECE", 7)
    np.testing.assert_allclose(task.score(series), whole, rtol=1e-9)


def test_without_looking_ahead_later_steps_change_no_score(both, rhythms):
    series = rhythms(400, seed=1)
    other = series.copy()
    other[300:] = 3.0
    known = 300 - both[False].stride_ * 4  # a stride of the coarsest resolution
    np.testing.assert_array_equal(both[False].score(other)[:known], both[False].score(series)[:known])
    assert not np.allclose(both[True].score(other)[:known], both[True].score(series)[:known])


# Encoders


def test_the_window_is_made_of_whole_patches_and_fits_the_data(tiny_pretrained, single):
    short = AnomalyTask(pretrained=tiny_pretrained).fit(WAVE[:20])
    chosen = AnomalyTask({"window": 21}, pretrained=tiny_pretrained).fit(WAVE)
    assert short.window_ == 16  # four patches, the fewest
    assert chosen.window_ == 24
    assert single.window_ == 32


def test_without_an_encoder_short_windows_are_pretrained_on_the_data():
    fitted = AnomalyTask(train={"steps": 2}).fit(WAVE)
    assert fitted.pretrained_.info.jepa.window_length == 32
    assert fitted.pretrained_.info.jepa.patch_length == 4
    assert fitted.pretrained_.info.provenance.train["steps"] == 2


def test_the_given_encoder_is_used_and_not_changed(tiny_pretrained, single):
    before = {name: tensor.clone() for name, tensor in tiny_pretrained.module.state_dict().items()}
    single.score(WAVE[:100])
    assert single.pretrained_ is tiny_pretrained
    assert all(torch.equal(tensor, before[name]) for name, tensor in tiny_pretrained.build().state_dict().items())


@pytest.mark.parametrize("changes", [{"prediction": "pooled"}, {"patch_stride": 3}], ids=["pooled", "overlapping"])
def test_other_predictors_and_patches_score_too(changes):
    fitted = AnomalyTask({"scores": ("prediction",)}, jepa={**CONFIG, **changes}, train={"steps": 2}).fit(WAVE)
    assert np.isfinite(fitted.score(WAVE[1:])).all()
    assert np.ptp(fitted.score(WAVE[1:])) > 0.0


def test_a_round_trip_changes_no_score(task, rhythms):
    series = rhythms(100, seed=1)
    twin = pickle.loads(pickle.dumps(task))  # noqa: S301 - our own bytes
    np.testing.assert_array_equal(twin.score(series), task.score(series))


def test_the_global_random_state_is_left_alone(tiny_pretrained):
    before = torch.get_rng_state()
    AnomalyTask({"max_windows": 30}, pretrained=tiny_pretrained).fit(WAVE).score(WAVE[1:])
    assert torch.equal(torch.get_rng_state(), before)


# What cannot be used


def test_use_before_fit_is_refused():
    for use in (AnomalyTask().stream, lambda: AnomalyTask().score(WAVE), lambda: AnomalyTask().explain(WAVE)):
        with pytest.raises(NotFittedError, match="call fit"):
            use()


def test_a_wrong_number_of_channels_is_refused(single, rhythms):
    with pytest.raises(DataError, match="Got 3 channels, but the task was fitted on 1"):
        single.score(rhythms(40))
    with pytest.raises(DataError, match="same channels"):
        AnomalyTask(pretrained=single.pretrained_).fit([WAVE, rhythms(40)])


@pytest.mark.parametrize("wrong", [[1.0, np.inf], [], "text"])
def test_values_that_are_no_finite_numbers_are_refused(wrong, single):
    with pytest.raises(DataError):
        single.score(np.array(wrong))


def test_a_series_shorter_than_a_window_is_refused_unless_such_were_fitted_on(single, tiny_pretrained):
    with pytest.raises(DataError, match="31 steps, but at least 32 are needed"):
        single.score(WAVE[:31])
    short = AnomalyTask(pretrained=tiny_pretrained).fit([WAVE, WAVE[:10]])
    assert short.shortest_ == 10
    assert np.isfinite(short.score(WAVE[3:13])).all()
