"""What a JEPA sees in windows and expects after them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tjepa_estimators.contracts import Masks
from tjepa_estimators.tasks.latent_forecast import LatentForecaster


@pytest.fixture
def rows():
    return np.random.default_rng(0).standard_normal((5, 24))


def test_the_forecast_is_what_the_jepa_predicts_where_the_future_is_hidden(tiny_pretrained, rows):
    jepa = tiny_pretrained.build().double().eval()
    whole = torch.from_numpy(np.concatenate([rows, np.ones((5, 8))], axis=1))  # 6 tokens, and 2 of the future
    masks = Masks(torch.arange(6).expand(5, -1), torch.arange(6, 8).expand(5, 1, -1))
    with torch.inference_mode():
        expected = jepa(whole, masks).prediction.mean(dim=1)
    np.testing.assert_allclose(LatentForecaster(tiny_pretrained)(rows).ahead, expected, atol=1e-9)


def test_latents_know_neither_level_nor_spread(tiny_pretrained, rows):
    forecast = LatentForecaster(tiny_pretrained)
    for before, after in zip(*(_parts(forecast(some)) for some in (rows, 100.0 * rows - 3.0)), strict=True):
        np.testing.assert_allclose(after, before, atol=1e-6)


def test_constant_rows_are_encoded_as_any_other(tiny_pretrained, rows):
    forecast = LatentForecaster(tiny_pretrained)
    rows[1], rows[3] = 7.0, -2.0
    nearly = rows.copy()
    nearly[1, 5] = np.nan  # not constant, but the mean fills the hole
    for one, other in zip(_parts(forecast(rows)), _parts(forecast(nearly)), strict=True):
        np.testing.assert_allclose(other, one, atol=1e-6)
        np.testing.assert_array_equal(one[1], one[3])


def test_rows_without_a_value_have_no_latents(tiny_pretrained, rows):
    rows[2] = np.nan
    for part in _parts(LatentForecaster(tiny_pretrained)(rows)):
        assert np.isnan(part[2]).all()
        assert np.isfinite(np.delete(part, 2, axis=0)).all()


def test_the_last_latent_is_that_of_the_last_value_seen(tiny_pretrained, rows):
    forecast = LatentForecaster(tiny_pretrained)
    rows[:, 16:] = np.nan
    tokens = tiny_pretrained.build().double().eval().encode(torch.from_numpy(rows))
    np.testing.assert_allclose(forecast(rows).last, tokens.values[:, 3], atol=1e-9)


def _parts(latents):
    return latents.now, latents.last, latents.ahead
