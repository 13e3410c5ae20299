"""Laws of forecasting: equivariance, reproducibility, calibration, and what is refused."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from tjepa_estimators import ForecastTask
from tjepa_estimators.errors import ConfigError, DataError, NotFittedError, PluginError
from tjepa_estimators.tasks.covariates import Covariates
from tjepa_estimators.tasks.forecast import ForecastConfig

LINEAR = {"horizon": 4, "context_length": 24, "blocks": "lookback"}
WITH_LATENTS = {"horizon": 4, "blocks": "both"}
TRAIN = {"steps": 5, "batch_size": 32, "learning_rate": 1e-2}
GENTLE = {"steps": 40, "batch_size": 32, "learning_rate": 5e-4}
"""Fine-tuning that lowers the held-out error, so that its weights are kept."""


def seasonal(steps, *, period=12.0, noise=0.0, seed=0):
    wave = np.sin(2 * np.pi * np.arange(steps) / period)
    return (wave + noise * np.random.default_rng(seed).standard_normal(steps))[:, None]


def autoregressive(steps, seed=0, slope=0.8):
    noise, values = np.random.default_rng(seed).standard_normal(steps), np.zeros(steps)
    for step in range(1, steps):
        values[step] = slope * values[step - 1] + noise[step]
    return values[:, None]


@pytest.fixture(scope="module")
def task(waves, tiny_pretrained):
    """A task whose head reads the latents; nothing may change it."""
    return ForecastTask(WITH_LATENTS, pretrained=tiny_pretrained).fit(waves)


@pytest.fixture(scope="module")
def linear(waves):
    return ForecastTask(LINEAR).fit(waves)


# --- laws


@pytest.mark.parametrize(("scale", "shift"), [(100.0, 0.0), (1.0, 1e4), (1e-3, -50.0), (-1.0, 3.0)])
def test_a_forecast_scales_and_shifts_with_its_context(linear, waves, scale, shift):
    base, moved = linear.predict(waves), linear.predict([scale * one + shift for one in waves])
    np.testing.assert_allclose((moved - shift) / scale, base, atol=1e-4)


@pytest.mark.parametrize(("scale", "shift"), [(100.0, 0.0), (1.0, 1e4), (1e-3, -50.0)])
def test_a_forecast_with_latents_scales_and_shifts_with_its_context(task, waves, scale, shift):
    base, moved = task.predict(waves), task.predict([scale * one + shift for one in waves])
    np.testing.assert_allclose((moved - shift) / scale, base, atol=1e-3)
    intervals = task.predict([scale * one + shift for one in waves], quantiles=[0.1, 0.9])
    expected = task.predict(waves, quantiles=[0.1, 0.9])
    np.testing.assert_allclose((intervals - shift) / scale, expected, atol=1e-3)


def test_fitting_on_scaled_data_gives_the_scaled_forecast(waves, linear):
    scaled = ForecastTask(LINEAR).fit([1024.0 * one for one in waves])
    np.testing.assert_allclose(
        scaled.predict([1024.0 * one for one in waves]), 1024.0 * linear.predict(waves), rtol=1e-3
    )


def test_a_forecast_does_not_depend_on_the_rest_of_the_panel(task, waves):
    together = task.predict(waves)
    alone = np.concatenate([task.predict([one]) for one in waves])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_allclose(together[::-1], task.predict(waves[::-1]), atol=1e-5)


def test_asking_again_gives_the_same_forecast_and_fitting_again_the_same_network(task, waves, tiny_pretrained):
    np.testing.assert_array_equal(task.predict(waves), task.predict(waves))
    again = ForecastTask(WITH_LATENTS, pretrained=tiny_pretrained).fit(waves)
    np.testing.assert_array_equal(again.predict(waves), task.predict(waves))
    again.fit(waves)
    np.testing.assert_array_equal(again.predict(waves), task.predict(waves))


def test_threads_forecast_alike_and_leave_the_number_of_threads(task, waves):
    before, expected = torch.get_num_threads(), task.predict(waves)
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda _: task.predict(waves), range(4)))
    assert all(np.array_equal(result, expected) for result in results)
    assert torch.get_num_threads() == before


@pytest.mark.parametrize("strategy", ["finetune", "online"])
def test_two_threads_fit_what_one_does(strategy, waves, tiny_pretrained):
    def fit(seed):
        config = {"horizon": 4, "strategy": strategy, "blocks": "both"}
        return ForecastTask(config, pretrained=tiny_pretrained, train=GENTLE | {"seed": seed}).fit(waves).predict(waves)

    alone = [fit(seed) for seed in (0, 1)]
    assert not np.array_equal(*alone)
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(fit, (0, 1)))
    np.testing.assert_array_equal(alone, together)


def test_the_latest_steps_decide_and_older_ones_do_not_matter(task, waves):
    contexts = [one[-task.context_length_ :] for one in waves]
    np.testing.assert_array_equal(task.predict(contexts), task.predict(waves))
    changed = [np.r_[one[:-1], one[-1:] + 1.0] for one in waves]
    assert (np.abs(task.predict(changed) - task.predict(waves)) > 1e-3).any(axis=(1, 2)).all()


# --- quality


def test_a_clean_season_is_forecast_exactly():
    values = seasonal(300)
    forecast = ForecastTask(LINEAR).fit(values[:250]).predict([values[:250]])
    np.testing.assert_allclose(forecast[0], values[250:254], atol=1e-3)


def test_a_small_variation_at_a_high_level_keeps_its_precision():
    values = 1e7 + 1e-2 * seasonal(300)
    forecast = ForecastTask(LINEAR).fit(values[:250]).predict([values[:250]])
    np.testing.assert_allclose(forecast[0] - 1e7, values[250:254] - 1e7, atol=1e-4)


def test_the_report_shows_the_linear_baseline_and_repeating_the_last_value(task):
    errors = task.report_.errors
    assert list(errors) == ["lookback", "lookback+latents"]
    assert 0.0 < errors["lookback"] < task.report_.repeat_last


def test_quantiles_are_monotone_and_surround_the_forecast(task, waves):
    levels = [0.01, 0.1, 0.5, 0.9, 0.99]
    intervals = task.predict(waves, 10, quantiles=levels)
    assert intervals.shape == (3, 10, 1, 5)
    assert (np.diff(intervals, axis=-1) >= 0).all()
    point = task.predict(waves, 10)
    assert ((intervals[..., 0] < point) & (point < intervals[..., -1])).all()


def test_quantiles_cover_their_share_of_an_autoregressive_future():
    task = ForecastTask(LINEAR).fit([autoregressive(1500)])
    values = autoregressive(2000, seed=1)
    ends = np.arange(100, 1990, 7)
    future = np.stack([values[end : end + 4] for end in ends])
    quantiles = task.predict([values[:end] for end in ends], quantiles=[0.1, 0.5, 0.9])
    np.testing.assert_allclose((future[..., None] < quantiles).mean(axis=(0, 1, 2)), [0.1, 0.5, 0.9], atol=0.05)


# --- beyond the horizon


def test_a_longer_forecast_begins_with_the_shorter_one_and_continues_on_it(task, waves):
    long = task.predict(waves, 11)
    assert long.shape == (3, 11, 1)
    np.testing.assert_array_equal(long[:, :4], task.predict(waves))
    np.testing.assert_array_equal(task.predict(waves, 2), long[:, :2])
    extended = [np.concatenate([one, first]) for one, first in zip(waves, long[:, :4], strict=True)]
    np.testing.assert_allclose(long[:, 4:8], task.predict(extended), atol=1e-6)


def test_the_spread_does_not_shrink_beyond_the_horizon(linear, waves):
    intervals = linear.predict(waves, 40, quantiles=[0.1, 0.9])
    width = intervals[..., 1] - intervals[..., 0]
    assert (np.diff(width[:, 4:], axis=1) >= -1e-12).all()


# --- covariates


def driven(steps, seed=0):
    """A series that a covariate drives two steps later."""
    beside = np.random.default_rng(seed).standard_normal((steps, 1))
    target = 0.1 * np.random.default_rng(seed + 1).standard_normal((steps, 1))
    target[2:] += 2 * beside[:-2]
    return target, beside


def error(task, target, covariates, cut=400):
    steps = len(target) - cut
    forecast = task.predict([target[:cut]], steps, covariates=covariates)[0]
    return np.abs(forecast - target[cut:]).mean()


@pytest.mark.parametrize("steps", [4, 12])
def test_a_known_covariate_that_drives_the_series_is_used_within_and_beyond_the_horizon(steps):
    target, beside = driven(400 + steps)
    known = Covariates(known=[beside])
    with_it = ForecastTask(LINEAR).fit(target[:400], known)
    without = ForecastTask(LINEAR).fit(target[:400])
    assert error(with_it, target, known) < 0.6 < error(without, target, None)
    assert with_it.report_.errors["lookback+covariates"] < 0.2 * with_it.report_.errors["lookback"]


def test_a_past_covariate_helps_as_far_as_it_drives_the_series():
    target, beside = driven(404)
    past = Covariates(past=[beside[:400]])
    task = ForecastTask(LINEAR).fit(target[:400], past)
    forecast = task.predict([target[:400]], covariates=past)[0]
    assert np.abs(forecast - target[400:404])[:2].max() < 0.5  # the third step follows what is not known yet


def test_a_static_covariate_tells_series_apart():
    drift = np.array([1.0, -1.0] * 4)
    noise = np.random.default_rng(0).standard_normal((8, 200))
    panel = list(np.cumsum(0.5 * drift[:, None] + noise, axis=1))
    static = Covariates(static=drift[:, None])
    task = ForecastTask(LINEAR | {"context_length": 4}).fit(panel, static)
    assert task.report_.errors["lookback+covariates"] < task.report_.errors["lookback"]
    up = task.predict(panel[:1], covariates=Covariates(static=[drift[:1]]))
    down = task.predict(panel[:1], covariates=Covariates(static=[-drift[:1]]))
    assert (up > down).all()


@pytest.mark.parametrize("steps", [3, 4, 9])
def test_all_kinds_of_covariates_go_together_beyond_the_horizon(steps):
    target, beside = driven(220)
    known, static = np.column_stack([beside, np.arange(220)]), np.array([1.0, 2.0, 3.0])
    panel = [target[:200], target[:150]]
    given = Covariates(known=[known[:200], known[:150]], past=panel, static=[static, -static])
    task = ForecastTask(LINEAR).fit(panel, given)
    ahead = Covariates(known=[known[: 200 + steps], known[: 150 + steps]], past=panel, static=[static, -static])
    assert task.predict(panel, steps, covariates=ahead).shape == (2, steps, 1)


def test_known_covariates_that_do_not_reach_the_last_step_are_refused():
    target, beside = driven(404)
    task = ForecastTask(LINEAR).fit(target[:400], Covariates(known=[beside]))
    for wrong, message in (
        (Covariates(known=[beside[:403]]), "have 403 rows, but 404 are needed"),
        (Covariates(), "was fitted with 1 known covariates"),
        (Covariates(known=[np.column_stack([beside, beside])]), "was fitted with 1 known covariates"),
    ):
        with pytest.raises(DataError, match=message):
            task.predict([target[:400]], covariates=wrong)


# --- panels, channels, gaps, odd data


def test_a_panel_of_unequal_lengths_and_scales_is_fitted_as_one(tiny_pretrained):
    panel = [1e-3 * seasonal(40, noise=0.1), 1e6 + 1e5 * seasonal(300, noise=0.1), seasonal(7, noise=0.1)]
    forecast = ForecastTask(WITH_LATENTS, pretrained=tiny_pretrained).fit(panel).predict(panel)
    assert forecast.shape == (3, 4, 1)
    np.testing.assert_allclose(forecast[1, :, 0], 1e6 + 1e5 * seasonal(304)[300:, 0], atol=5e4)
    assert np.abs(forecast[0]).max() < 3e-3


def test_each_channel_is_forecast_from_itself(waves, linear):
    both = np.column_stack([waves[0][:200, 0], 50 + waves[1][:200, 0]])
    task = ForecastTask(LINEAR).fit(both)
    forecast = task.predict([both])
    assert forecast.shape == (1, 4, 2)
    swapped = ForecastTask(LINEAR).fit(both[:, ::-1])
    np.testing.assert_allclose(swapped.predict([both[:, ::-1]]), forecast[:, :, ::-1], atol=1e-3)
    changed = both.copy()
    changed[:, 1] = 0.0
    np.testing.assert_array_equal(task.predict([changed])[:, :, 0], forecast[:, :, 0])


def test_gaps_are_bridged():
    values = seasonal(300)
    gappy = values.copy()
    gappy[np.random.default_rng(0).random(300) < 0.1] = np.nan
    forecast = ForecastTask(LINEAR).fit(gappy[:250]).predict([gappy[:250]])
    np.testing.assert_allclose(forecast[0], values[250:254], atol=0.3)


def test_a_channel_without_any_recent_value_has_no_forecast(linear, waves):
    forecast = linear.predict([waves[0], np.full((30, 1), np.nan), np.empty((0, 1))], quantiles=[0.5])
    assert np.isfinite(forecast[0]).all()
    assert np.isnan(forecast[1:]).all()


@pytest.mark.parametrize(
    "values",
    [np.arange(length) + 1.0 for length in (1, 2, 3, 5, 10, 27)]
    + [np.zeros(100), np.full(100, 1e7), np.r_[np.zeros(99), 1.0]],
)
def test_short_and_flat_series_are_fitted_and_forecast(values, tiny_pretrained):
    for config in (LINEAR, WITH_LATENTS):
        task = ForecastTask(config, pretrained=tiny_pretrained).fit(values)
        assert np.isfinite(task.predict([values], 9, quantiles=[0.1, 0.9])).all()


@pytest.mark.parametrize("value", [0.0, 5.0, -1e7])
def test_a_constant_series_goes_on(value, tiny_pretrained):
    task = ForecastTask(WITH_LATENTS, pretrained=tiny_pretrained).fit(np.full(100, value))
    np.testing.assert_allclose(task.predict([np.full(50, value)]), value, rtol=1e-6, atol=1e-9)


def test_arrays_of_any_number_type_and_axes_are_read(linear, waves):
    context = np.round(10 * waves[0])
    expected = linear.predict([context])
    for same in (context[:, 0], context.astype(int), context.astype(np.float32), context.tolist()):
        np.testing.assert_allclose(linear.predict([same]), expected, atol=1e-5)
    np.testing.assert_allclose(linear.predict(context[None]), expected)
    assert linear.predict([]).shape == (0, 4, 1)


# --- strategies and where the encoder comes from


@pytest.mark.parametrize("strategy", ["frozen", "finetune", "online"])
def test_no_strategy_changes_the_artifact(strategy, waves, tiny_pretrained):
    before = {name: value.clone() for name, value in tiny_pretrained.build().state_dict().items()}
    fingerprint = tiny_pretrained.fingerprint
    config = {"horizon": 4, "strategy": strategy, "blocks": "both"}
    task = ForecastTask(config, pretrained=tiny_pretrained, train=GENTLE).fit(waves)
    assert task.pretrained_ is tiny_pretrained
    assert tiny_pretrained.fingerprint == fingerprint
    assert all(torch.equal(value, before[name]) for name, value in tiny_pretrained.build().state_dict().items())
    teacher = tiny_pretrained.module.teacher.module
    kept = [torch.equal(*pair) for pair in zip(task.network_.backbone.parameters(), teacher.parameters(), strict=True)]
    assert all(kept) if strategy == "frozen" else not any(kept)


def test_nobody_elses_random_numbers_change(waves, tiny_pretrained):
    before = torch.get_rng_state()
    task = ForecastTask({"horizon": 4, "strategy": "online"}, pretrained=tiny_pretrained, train=TRAIN).fit(waves)
    task.predict(waves)
    assert torch.equal(torch.get_rng_state(), before)


def test_without_a_pretrained_encoder_one_is_pretrained_on_the_data(waves, tiny_jepa, tiny_encoder):
    task = ForecastTask({"horizon": 4}, jepa=tiny_jepa, encoder_config=tiny_encoder, train=TRAIN).fit(waves)
    assert task.pretrained is None
    assert task.pretrained_.info.provenance.train["steps"] == 5
    assert task.context_length_ == 24


def test_an_encoder_is_taken_from_a_folder(task, waves, tiny_pretrained, tmp_path):
    folder = tiny_pretrained.save(tmp_path / "encoder")
    from_folder = ForecastTask(WITH_LATENTS, pretrained=str(folder)).fit(waves)
    np.testing.assert_array_equal(from_folder.predict(waves), task.predict(waves))


def test_the_linear_baseline_needs_no_encoder(linear):
    assert linear.pretrained_ is None
    assert linear.network_.backbone is None


def test_a_fitted_task_can_be_copied(task, waves):
    again = copy.deepcopy(task)
    assert again.pretrained_ is task.pretrained_
    np.testing.assert_array_equal(again.predict(waves), task.predict(waves))


def test_a_stopped_fit_goes_on_in_its_folder(waves, tiny_jepa, tiny_encoder, tmp_path):
    def fit(**train):
        config = {"horizon": 4, "strategy": "finetune"}
        task = ForecastTask(config, jepa=tiny_jepa, encoder_config=tiny_encoder, train=TRAIN | train)
        return task.fit(waves).predict(waves)

    first, again = (fit(checkpoint_dir=str(tmp_path)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first, fit())


def test_nothing_is_printed_and_no_file_is_left(waves, tiny_pretrained, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    ForecastTask({"horizon": 4, "strategy": "finetune"}, pretrained=tiny_pretrained, train=TRAIN).fit(waves)
    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []


# --- what is refused


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        ({"horizon": 0}, "horizon must be at least 1"),
        ({"context_length": 0}, "context_length must be at least 1"),
        ({"strategy": "thaw"}, "strategy must be one of"),
        ({"blocks": "all"}, "blocks must be one of"),
        ({"validation": 1.0}, "validation must lie between 0 and 1"),
        ({"max_rows": 0}, "max_rows must be at least 1"),
        ({"covariate_lookback": -1}, "covariate_lookback must not be negative"),
        ({"encoder_rate": -0.1}, "encoder_rate must not be negative"),
        ({"blocks": "lookback", "strategy": "online"}, "has no encoder to train"),
        ({"horizn": 3}, r"extra fields found \(horizn\)"),
    ],
)
def test_impossible_settings_are_refused_with_the_rule(settings, rule):
    with pytest.raises(ConfigError, match=rule):
        ForecastTask(settings)
    if "horizn" not in settings:
        with pytest.raises(ConfigError, match=rule):
            ForecastConfig(**settings)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (np.empty(0), "empty"),
        (np.full(50, np.nan), "NaN only"),
        (np.r_[np.arange(50.0), -np.inf], "infinite"),
        ([np.ones((30, 2)), np.ones((30, 1))], "must have the same channels"),
    ],
)
def test_series_that_cannot_be_used_are_refused(data, message):
    with pytest.raises(DataError, match=message):
        ForecastTask(LINEAR).fit(data)


@pytest.mark.parametrize(
    ("context", "message"),
    [
        (np.ones((30, 2)), "has shape .30, 2., but the model was fitted on 1 channels"),
        (np.ones((30, 1, 1)), "has shape .30, 1, 1., but the model was fitted on 1 channels"),
        (np.r_[np.ones(29), np.inf], "infinite"),
        (np.array(["a"] * 30), "no numbers"),
    ],
)
def test_contexts_that_cannot_be_used_are_refused(linear, context, message):
    with pytest.raises(DataError, match=message):
        linear.predict([context])


def test_impossible_questions_are_refused(linear, waves):
    with pytest.raises(ConfigError, match="steps must be at least 1; got 0"):
        linear.predict(waves, 0)
    with pytest.raises(ConfigError, match="quantiles must lie between 0 and 1"):
        linear.predict(waves, quantiles=[0.5, 1.0])


def test_predicting_before_fitting_is_refused(waves):
    with pytest.raises(NotFittedError, match=r"call fit\(\) with series first"):
        ForecastTask(LINEAR).predict(waves)


def test_a_misspelt_encoder_is_refused_when_it_is_needed(waves):
    with pytest.raises(PluginError, match="Did you mean 'transformer'"):
        ForecastTask({"horizon": 4}, encoder="tranformer").fit(waves)


def test_other_series_to_judge_by_cannot_go_with_covariates(waves):
    given = Covariates(static=[np.ones(1)] * 3)
    with pytest.raises(DataError, match="held_out cannot be combined with covariates"):
        ForecastTask(LINEAR).fit(waves, given, held_out=waves)


def test_masked_values_are_missing_values(linear, waves):
    hidden = waves[0] > 0.8
    masked = np.ma.masked_array(np.where(hidden, 1e5, waves[0]), hidden)
    np.testing.assert_array_equal(linear.predict([masked]), linear.predict([np.where(hidden, np.nan, waves[0])]))
