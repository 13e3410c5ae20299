"""Forecasting by what is decoded: equivariance, padding, quantiles in order, and what comes after the first block."""

from __future__ import annotations

from statistics import NormalDist

import pytest
import torch
from torch import nn

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.jepa.forecaster import PatchForecaster, at_levels

LEVELS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


def windows(batch=4, length=24, seed=0):
    return torch.randn(batch, length, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).cumsum(dim=1)


@pytest.fixture(scope="module")
def forecaster(tiny_decoding):
    """Windows of 24 steps, blocks of 8; nothing may change it."""
    return tiny_decoding.forecaster()


# --- levels


@pytest.mark.parametrize("wanted", [(0.001, 0.999), (0.05, 0.25, 0.5), (0.33,), (0.9, 0.1)])
def test_a_normal_distribution_is_kept_at_any_levels(wanted):
    normal = NormalDist(3.0, 2.0)
    known = torch.tensor([normal.inv_cdf(level) for level in LEVELS], dtype=torch.float64)
    expected = torch.tensor([normal.inv_cdf(level) for level in wanted], dtype=torch.float64)
    torch.testing.assert_close(at_levels(known, LEVELS, wanted), expected)


def test_known_levels_are_kept_and_others_lie_in_order():
    values = torch.rand(5, 7, 11, generator=torch.Generator().manual_seed(0)).sort(dim=-1).values
    torch.testing.assert_close(at_levels(values, LEVELS, LEVELS), values)
    wanted = torch.linspace(0.001, 0.999, 200).tolist()
    assert (at_levels(values, LEVELS, wanted).diff(dim=-1) >= -1e-6).all()


def test_one_level_alone_stands_for_all():
    assert at_levels(torch.tensor([[2.0]]), [0.5], [0.1, 0.9]).tolist() == [[2.0, 2.0]]


def test_no_level_at_all_gives_nothing():
    assert at_levels(torch.zeros(2, 5, len(LEVELS)), LEVELS, []).shape == (2, 5, 0)


# --- laws


@pytest.mark.parametrize(("scale", "shift"), [(100.0, 0.0), (1.0, 1e4), (1e-3, -50.0)])
@pytest.mark.parametrize("steps", [8, 20])
def test_forecasts_scale_and_shift_with_their_windows(forecaster, scale, shift, steps):
    moved = forecaster(scale * windows() + shift, steps)
    torch.testing.assert_close((moved - shift) / scale, forecaster(windows(), steps), atol=1e-3, rtol=1e-3)


def test_a_shorter_window_is_one_that_begins_with_missing_values(forecaster):
    short = windows()[:, -10:]
    padded = torch.cat([torch.full((4, 14), torch.nan, dtype=torch.float64), short], dim=1)
    assert torch.equal(forecaster(short, 8), forecaster(padded, 8))


def test_of_a_longer_window_the_latest_steps_count(forecaster):
    longer = windows(length=60)
    assert torch.equal(forecaster(longer, 8), forecaster(longer[:, -24:], 8))


@pytest.mark.parametrize("steps", [1, 3, 8, 9, 40])
def test_as_many_steps_come_as_are_asked_for_with_quantiles_in_order(forecaster, steps):
    quantiles = forecaster(windows(), steps)
    assert quantiles.shape == (4, steps, 11)
    assert quantiles.isfinite().all()
    assert (quantiles.diff(dim=-1) >= 0.0).all()


@pytest.mark.parametrize("steps", [1, 4, 7, 8, 13, 16])
def test_a_longer_forecast_begins_with_the_shorter_one(forecaster, steps):
    assert torch.equal(forecaster(windows(), 30)[:, :steps], forecaster(windows(), steps))


def test_later_blocks_go_on_from_the_medians(forecaster):
    long = forecaster(windows(), 16)
    extended = torch.cat([windows(), long[:, :8, 5]], dim=1)
    torch.testing.assert_close(long[:, 8:, 5], forecaster(extended, 8)[..., 5])


def test_a_forecast_does_not_depend_on_the_rest_of_the_batch(forecaster):
    alone = torch.cat([forecaster(one[None], 12) for one in windows()])
    torch.testing.assert_close(forecaster(windows(), 12), alone, atol=1e-5, rtol=1e-5)


def test_missing_values_and_windows_of_nothing_are_forecast(forecaster):
    raw = windows()
    raw[0, 3:9], raw[1, -5:], raw[2, :-1], raw[3] = torch.nan, torch.nan, torch.nan, torch.nan
    assert forecaster(raw, 12).isfinite().all()


@pytest.mark.parametrize("value", [0.0, 5.0, -1e7])
def test_a_constant_window_goes_on(forecaster, value):
    found = forecaster(torch.full((1, 24), value, dtype=torch.float64), 12)
    torch.testing.assert_close(found, torch.full_like(found, value), rtol=1e-5, atol=1e-6)


def test_the_spread_is_what_is_decoded_less_its_mean(forecaster):
    quantiles = forecaster(windows(), 12)
    expected = quantiles - quantiles.mean(dim=-1, keepdim=True)
    torch.testing.assert_close(forecaster.spread(windows(), 12, LEVELS), expected)


def test_an_encoder_without_quantiles_cannot_forecast_and_says_what_to_do(tiny_pretrained):
    with pytest.raises(ConfigError, match=r"decodes no values.*JEPAConfig\(quantiles=QuantileConfig"):
        tiny_pretrained.forecaster()


def test_a_decoder_that_is_added_leaves_the_other_weights_as_they_were(tiny_pretrained, tiny_decoding):
    added = tiny_pretrained.with_quantiles()
    old, new = tiny_pretrained.build().state_dict(), added.build().state_dict()
    assert all(torch.equal(new[name], value) for name, value in old.items())
    assert added.forecaster()(windows(), 4).isfinite().all()
    assert tiny_pretrained.info.jepa.quantiles is None
    assert tiny_decoding.with_quantiles() is tiny_decoding


# --- the spread of later blocks, of a decoder that always says the same of a block


class Told(PatchForecaster):
    """Decodes medians of 0, and quantiles whose width is a power of the lead time."""

    def __init__(self, power, block=32):
        decoder = nn.Module()
        decoder.levels, decoder.patch_length = LEVELS, 1
        super().__init__(nn.Identity(), nn.Identity(), decoder, context_length=64, block=block)
        self.power = power

    def _decode(self, window):
        width = torch.arange(1.0, self.block + 1) ** self.power
        normal = torch.tensor([NormalDist().inv_cdf(level) for level in LEVELS])
        return (width[:, None] * normal).expand(len(window), -1, -1)


@pytest.mark.parametrize("block", [4, 32, 90])
@pytest.mark.parametrize("power", [0.0, 0.25, 0.5])
def test_the_spread_goes_on_growing_as_it_does_in_the_first_block(power, block):
    found = Told(power, block)(torch.zeros(1, 64), 4 * block)[0, :, -1]
    expected = torch.arange(1.0, 4 * block + 1) ** power * NormalDist().inv_cdf(0.95)
    torch.testing.assert_close(found, expected, rtol=0.1, atol=0.0)


@pytest.mark.parametrize("power", [-0.5, 1.0])
def test_the_spread_never_shrinks_beyond_what_is_decoded_nor_outgrows_a_random_walk(power):
    told, found = Told(power)(torch.zeros(1, 64), 32)[0, :, -1], Told(power)(torch.zeros(1, 64), 64)[0, 32:, -1]
    growth = (found / told).log() / ((32 + torch.arange(1.0, 33)) / torch.arange(1.0, 33)).log()
    torch.testing.assert_close(growth, torch.full((32,), 0.5 if power > 0 else 0.0), atol=1e-4, rtol=0)


@pytest.mark.parametrize("block", [1, 2, 3])
def test_blocks_too_short_to_show_growth_are_rolled_out_too(block):
    assert Told(0.5, block)(torch.zeros(1, 64), 7).isfinite().all()
