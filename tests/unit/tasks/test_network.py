"""Laws of the forecasting network."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tjepa_estimators.tasks.network import ForecastNetwork


def windows(batch=3, length=24):
    return torch.randn(batch, length, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def backbone(tiny_pretrained):
    return tiny_pretrained.build().teacher.module.eval()


def with_weights(backbone, covariates=0):
    network = ForecastNetwork(backbone, 24, 4, covariates).eval()
    nn.init.normal_(network.head.weight, generator=torch.Generator().manual_seed(0))
    return network.requires_grad_(requires_grad=False)


def test_blocks_cover_the_head_without_overlap(backbone):
    network = ForecastNetwork(backbone, 24, 4, covariates=5)
    assert list(network.blocks) == ["lookback", "latents", "covariates"]
    columns = [column for block in network.blocks.values() for column in range(block.start, block.stop)]
    assert columns == list(range(network.head.in_features))
    assert list(ForecastNetwork(None, 24, 4).blocks) == ["lookback"]


def test_an_unfitted_head_forecasts_the_level_of_the_window(backbone):
    forecast, stats = ForecastNetwork(backbone, 24, 4).eval()(windows())
    assert not forecast.any()
    assert torch.allclose(stats.mean, windows().mean(dim=1, keepdim=True))


def test_making_a_network_draws_no_random_number(backbone):
    before = torch.get_rng_state()
    ForecastNetwork(backbone, 24, 4)
    assert torch.equal(torch.get_rng_state(), before)


def test_the_forecast_is_the_head_on_the_features(backbone):
    network, beside = with_weights(backbone, covariates=5), torch.randn(3, 5)
    features, stats = network.features(windows(), beside)
    forecast, again = network(windows(), beside)
    assert torch.allclose(network.head(features), forecast, atol=1e-5)
    assert torch.equal(stats.std, again.std)


def test_features_do_not_change_with_level_and_scale(backbone):
    network = with_weights(backbone)
    features, scaled = network.features(windows())[0], network.features(1e3 + 20 * windows())[0]
    assert torch.allclose(features, scaled, atol=1e-4)


def test_gaps_are_bridged_and_what_lies_before_the_first_value_counts_as_the_mean():
    network, gappy = with_weights(None), windows()
    gappy[:, :2] = gappy[:, 5] = gappy[:, -3:] = torch.nan
    features = network.features(gappy)[0][:, : gappy.shape[1]]
    assert not features[:, :2].any()
    assert torch.allclose(features[:, 5], (features[:, 4] + features[:, 6]) / 2, atol=1e-5)
    assert torch.equal(features[:, -3:], features[:, -4:-3].expand(-1, 3))


def test_a_block_without_weight_is_not_computed(backbone, monkeypatch):
    network = with_weights(backbone)
    with torch.no_grad():
        network.head.weight[:, network.blocks["latents"]] = 0.0
    monkeypatch.setattr(type(backbone), "forward", lambda *_: pytest.fail("computed"))
    assert network(windows())[0].any()
