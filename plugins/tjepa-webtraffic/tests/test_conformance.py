"""The conformance kit on all three domains, and what holds for the registered names without arguments."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tjepa_webtraffic.logs.domain import WebLogs
from tjepa_webtraffic.logs.sample import sample_lines
from tjepa_webtraffic.shop.domain import Transactions
from tjepa_webtraffic.wikimedia.config import PageViewsConfig
from tjepa_webtraffic.wikimedia.domain import PageViews

from tjepa_estimators import load_domain
from tjepa_estimators.data.remote.http import HttpClient
from tjepa_estimators.errors import ConfigError, DataError
from tjepa_estimators.testing import DomainTests, ReplayServer, Reply, run_checks
from tjepa_estimators.testing.domain import (
    RegisteredDomain,
    check_hooks_import_no_torch,
    check_info_is_complete,
    check_pretrains_on_its_sample,
    check_sample_needs_no_network,
    check_unknown_split_is_refused,
)

WITHOUT_ARGUMENTS = [
    check_info_is_complete,
    check_unknown_split_is_refused,
    check_sample_needs_no_network,
    check_pretrains_on_its_sample,
    check_hooks_import_no_torch,
]


class TestPageViews(DomainTests):
    @pytest.fixture(autouse=True)
    def server(self, tmp_path):
        days = pd.date_range("2023-01-01", "2023-12-31")
        items = [{"timestamp": f"{day:%Y%m%d}00", "views": 100 + day.dayofweek} for day in days if day.day != 9]
        route = "/en.wikipedia/all-access/user/Sun/daily/2023010100/2023123100"
        with ReplayServer({route: Reply({"items": items})}) as server:
            self.client = HttpClient(server.address, user_agent="test")
            self.cache = tmp_path
            yield

    def make(self):
        span = PageViewsConfig(start="2023-01-01", end="2024-01-01")
        return PageViews(["Sun"], span, cache=self.cache, client=self.client)


class TestWebLogs(DomainTests):
    @pytest.fixture(autouse=True)
    def files(self, tmp_path):
        self.paths = {"shop": tmp_path / "shop.log", "blog": tmp_path / "blog.log"}
        for seed, path in enumerate(self.paths.values()):
            path.write_text("\n".join(sample_lines(seed=seed)))

    def make(self):
        return WebLogs(self.paths)


class TestTransactions(DomainTests):
    @pytest.fixture(autouse=True)
    def table(self, tmp_path):
        random = np.random.default_rng(0)
        days = pd.bdate_range("2024-01-01", periods=120).repeat(12)
        numbers = [f"{number}" for number in range(len(days))]
        self.path = tmp_path / "orders.csv.gz"
        table = {"order_id": numbers, "date": days, "quantity": random.integers(1, 5, len(days)), "price": 9.5}
        pd.DataFrame(table).to_csv(self.path, index=False)

    def make(self):
        return Transactions(self.path)


@pytest.mark.parametrize("name", ["page_views", "web_logs", "transactions"])
@pytest.mark.parametrize("check", WITHOUT_ARGUMENTS)
def test_the_registered_name_opens_without_arguments(name, check):
    assert [one.status for one in run_checks([check], RegisteredDomain(name)).outcomes] == ["passed"]


@pytest.mark.parametrize(
    ("name", "error"), [("page_views", ConfigError), ("web_logs", DataError), ("transactions", DataError)]
)
def test_series_without_arguments_say_what_to_give(name, error, monkeypatch, tmp_path):
    monkeypatch.delenv("TJEPA_CONTACT", raising=False)
    monkeypatch.setenv("TJEPA_CACHE", str(tmp_path))
    with pytest.raises(error, match=r"Give yours|give a csv file|name the files"):
        load_domain(name).series()
