"""Quantiles of a head that corrects what an encoder decodes: the better of two kinds, judged on held-out rows."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from tjepa_estimators import ForecastTask
from tjepa_estimators.tasks.quantiles import DecodedQuantiles, ResidualQuantiles, choose_quantiles

LEVELS = (0.1, 0.5, 0.9)
NORMAL = torch.tensor([-1.2816, 0.0, 1.2816])


class Told(nn.Module):
    """A decoder that reads the spread from the last step of the window."""

    levels = LEVELS

    def spread(self, raw, steps, levels):
        return raw[:, -1:, None].expand(-1, steps, 1) * NORMAL.to(raw)


def rows(told, real, count=400, seed=0):
    """Windows of deviation 2 that tell a spread of ``told``, and residuals with one of ``real``."""
    window = np.zeros((count, 3))
    window[:, -1] = 2.0 * told
    noise = np.random.default_rng(seed).standard_normal((count, 4))
    return window, np.full((count, 1), 2.0), noise * real[:, None]


def lively(count=400):
    """Quiet and lively windows in turn."""
    return np.where(np.arange(count) % 2, 3.0, 0.3)


def test_a_spread_that_knows_the_window_is_taken():
    chosen = choose_quantiles(Told(), *rows(lively(), lively()))
    assert isinstance(chosen, DecodedQuantiles)
    assert chosen.factor == pytest.approx(1.0, abs=0.11)


def test_a_spread_that_is_too_narrow_is_widened():
    chosen = choose_quantiles(Told(), *rows(lively() / 1.6, lively()))
    assert chosen.factor == pytest.approx(1.6, abs=0.21)
    window, deviation, _ = rows(lively() / 1.6, lively())
    narrow = DecodedQuantiles(Told()).spread(window, deviation, 4, LEVELS)
    np.testing.assert_allclose(chosen.spread(window, deviation, 4, LEVELS), chosen.factor * narrow)


def test_a_spread_that_misleads_is_not_taken():
    assert isinstance(choose_quantiles(Told(), *rows(lively()[::-1], lively())), ResidualQuantiles)


def test_a_spread_is_taken_unseen_where_few_rows_could_judge_it():
    assert choose_quantiles(Told(), *rows(lively(10)[::-1], lively(10), 10)).factor == 1.0


@pytest.fixture
def task(tiny_decoding, waves):
    """A head that corrects a decoded forecast: there is hardly anything else to fit it on."""
    config = {"horizon": 4, "context_length": 24, "validation": 0.5}
    return ForecastTask(config, pretrained=tiny_decoding).fit(waves[0][:31])


def test_a_head_about_the_decoded_forecast_has_decoded_quantiles(task, waves):
    assert task.report_.centre == "decoded"
    assert task.report_.quantiles == "decoded"
    lively, calm = (task.predict([one], quantiles=LEVELS)[0, :, 0] for one in (waves[0], np.ones(24)))
    assert (lively[:, 2] - lively[:, 0] > 10 * (calm[:, 2] - calm[:, 0])).all()


def test_quantiles_surround_the_forecast_of_the_head(task, waves):
    low, middle, high = np.moveaxis(task.predict([waves[1]], quantiles=LEVELS)[0, :, 0], 1, 0)
    forecast = task.predict([waves[1]])[0, :, 0]
    assert (low < middle).all()
    assert (middle < high).all()
    assert ((low < forecast) & (forecast < high)).all()


def test_a_head_that_reads_no_decoded_forecast_has_residual_quantiles(tiny_pretrained, waves):
    task = ForecastTask({"horizon": 4, "context_length": 24}, pretrained=tiny_pretrained).fit(waves)
    assert task.report_.quantiles == "residual"
    assert isinstance(task.quantiles_, ResidualQuantiles)
