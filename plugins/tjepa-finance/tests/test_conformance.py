"""Both domains keep the contract, fetched from recorded answers."""

from __future__ import annotations

import pytest
from tjepa_finance.coins import Coins
from tjepa_finance.indices import Indices

from tjepa_estimators import load_domain
from tjepa_estimators.testing import check_domain
from tjepa_estimators.testing.domain import RegisteredDomain, check_hooks_import_no_torch, check_info_is_complete


def test_indices_are_a_domain(yahoo, yahoo_server):
    with yahoo_server() as server:
        report = check_domain(
            lambda: Indices(symbols=("HSI", "GDAXI"), start="2023-01-01", end="2024-02-01", provider=yahoo(server))
        )
    assert report.summary == "8 passed, 1 skipped"


def test_coins_are_a_domain(bitstamp, bitstamp_server):
    with bitstamp_server() as server:
        report = check_domain(
            lambda: Coins(
                symbols=("BTC/USD", "ETH/USD"), start="2022-01-01", end="2024-02-01", exchange=bitstamp(server)
            )
        )
    assert report.summary == "8 passed, 1 skipped"


@pytest.mark.parametrize("name", ["indices", "coins"])
def test_by_name_it_opens_without_a_network(name):
    check_info_is_complete(RegisteredDomain(name))
    check_hooks_import_no_torch(RegisteredDomain(name))
    sample = load_domain(name).sample()
    assert len(sample) >= 2
    assert max(len(one) for one in sample) == 512
    assert {one.channels for one in sample} == {("open", "high", "low", "close", "volume")}
