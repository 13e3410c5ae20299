"""Instance scaling is invertible, follows shifts and scales of its input, and survives constant windows."""

from __future__ import annotations

import pytest
import torch

from tjepa_estimators.data.scaling import denormalize, instance_stats, normalize

BOTH_TYPES = pytest.mark.parametrize("dtype", [torch.float32, torch.float64])


def windows(dtype=torch.float64, batch=4, time=50, missing=0.2, seed=0):
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(batch, time, generator=generator, dtype=dtype) * 3 + 5
    values[torch.rand(batch, time, generator=generator) < missing] = torch.nan
    return values


def test_statistics_are_the_population_mean_and_deviation_of_what_is_observed():
    stats = instance_stats(windows())
    for row, mean, std in zip(windows(), stats.mean[:, 0], stats.std[:, 0], strict=True):
        observed = row[~row.isnan()]
        torch.testing.assert_close(mean, observed.mean())
        torch.testing.assert_close(std, observed.std(correction=0))


@BOTH_TYPES
def test_normalized_windows_have_no_level_and_unit_spread_and_keep_their_type(dtype):
    normalized = normalize(windows(dtype), instance_stats(windows(dtype)))
    assert normalized.dtype == dtype
    torch.testing.assert_close(normalized.nanmean(-1), torch.zeros(4, dtype=dtype), atol=1e-5, rtol=0)
    torch.testing.assert_close(normalized.square().nanmean(-1), torch.ones(4, dtype=dtype))


@BOTH_TYPES
def test_denormalize_undoes_normalize_and_the_other_way_round(dtype):
    stats, other = instance_stats(windows(dtype)), windows(dtype, time=7, seed=1)
    torch.testing.assert_close(denormalize(normalize(other, stats), stats), other, equal_nan=True)
    torch.testing.assert_close(normalize(denormalize(other, stats), stats), other, equal_nan=True)


@pytest.mark.parametrize("scale", [1e-6, -2.0, 1e6])
def test_statistics_follow_the_scale_of_the_window(scale):
    stats, scaled = instance_stats(windows()), instance_stats(windows() * scale)
    torch.testing.assert_close(scaled.mean, stats.mean * scale)
    torch.testing.assert_close(scaled.std, stats.std * abs(scale))


@pytest.mark.parametrize("shift", [-5.0, 1e6])
def test_statistics_follow_the_level_of_the_window(shift):
    stats, shifted = instance_stats(windows()), instance_stats(windows() + shift)
    torch.testing.assert_close(shifted.mean, stats.mean + shift)
    torch.testing.assert_close(shifted.std, stats.std)


@pytest.mark.parametrize("scale", [0.01, 100.0])
def test_normalized_windows_do_not_know_their_scale_or_level(scale):
    changed = windows() * scale - 40
    expected = normalize(windows(), instance_stats(windows()))
    torch.testing.assert_close(normalize(changed, instance_stats(changed)), expected, equal_nan=True)


@BOTH_TYPES
@pytest.mark.parametrize("level", [0.0, 0.1, -1e7, 1e-9, 1e20])
@pytest.mark.parametrize("time", [1, 3, 512])
def test_constant_windows_normalize_to_zero_and_come_back(dtype, level, time):
    values = torch.full((2, time), level, dtype=dtype)
    stats = instance_stats(values)
    normalized = normalize(values, stats)
    assert torch.equal(normalized, torch.zeros_like(values))
    assert torch.equal(denormalize(normalized, stats), values)


@BOTH_TYPES
def test_forecasts_from_a_constant_window_stay_at_its_level(dtype):
    stats = instance_stats(torch.full((1, 20), 300.0, dtype=dtype))
    torch.testing.assert_close(denormalize(torch.ones(1, 5, dtype=dtype), stats), stats.mean.expand(1, 5))


def test_a_jump_out_of_a_context_of_zeros_stays_finite_when_squared():
    stats = instance_stats(torch.zeros(1, 20))
    assert normalize(torch.full((1, 5), 1e6), stats).square().isfinite().all()


def test_rounding_noise_counts_as_constant():
    values = torch.full((1, 64), 300.0)
    values[:, ::2] += 3e-5  # one unit in the last place
    assert normalize(values, instance_stats(values)).abs().max() < 0.5


def test_windows_without_any_observation_keep_their_units():
    stats = instance_stats(torch.full((1, 4), torch.nan))
    assert (stats.mean.item(), stats.std.item()) == (0.0, 1.0)


def test_missing_values_stay_missing_and_nothing_else_becomes_missing():
    normalized = normalize(windows(), instance_stats(windows()))
    assert torch.equal(normalized.isnan(), windows().isnan())


def test_a_small_motion_on_a_high_level_keeps_its_shape():
    wave = 1e-2 * torch.sin(torch.arange(96, dtype=torch.float64) / 5)[None]
    values = wave + 1e7
    expected = normalize(wave, instance_stats(wave))
    torch.testing.assert_close(normalize(values, instance_stats(values)), expected, atol=1e-6, rtol=0)


def test_rows_do_not_know_each_other():
    values = windows()
    together, alone = instance_stats(values), instance_stats(values[2:3])
    assert torch.equal(together.std[2:3], alone.std)
    assert torch.equal(together.mean[2:3], alone.mean)


def test_input_is_not_written_to():
    values = windows()
    denormalize(normalize(values, instance_stats(values)), instance_stats(values))
    assert torch.equal(values.nan_to_num(), windows().nan_to_num())
