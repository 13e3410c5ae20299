"""The bundled domains are intact, regular in time, and split without looking ahead."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from tjepa_estimators.contracts import DataDomain
from tjepa_estimators.data import domains
from tjepa_estimators.data.domains import load_domain
from tjepa_estimators.errors import DataError, PluginError
from tjepa_estimators.plugins.specs import DomainSpec

NAMES = ["stocks", "stock_returns", "crypto", "weather", "weather_hourly", "webtraffic", "ecommerce", "ecg"]
DATED = [name for name in NAMES if name != "ecg"]


def stamps(series):
    return np.concatenate([one.index.to_numpy() for one in series])


@pytest.mark.parametrize("name", NAMES)
def test_a_domain_says_where_it_comes_from(name):
    domain = load_domain(name)
    assert isinstance(domain, DataDomain)
    assert domain.info.name == name
    assert domain.info.licence
    assert domain.info.source
    assert domain.info.season >= 1


@pytest.mark.parametrize("name", DATED)
def test_the_time_grid_has_no_gap(name):
    domain = load_domain(name)
    for series in domain.series():
        expected = pd.date_range(series.index[0], series.index[-1], freq=domain.info.frequency)
        assert series.index.equals(expected)
        assert series.index.tz is None


@pytest.mark.parametrize("name", NAMES)
def test_train_and_test_together_are_all(name):
    domain = load_domain(name)
    whole = {series.name: series.values for series in domain.series()}
    parts = [{series.name: series.values for series in domain.series(split)} for split in ("train", "test")]
    for key, values in whole.items():
        joined = np.concatenate([part[key] for part in parts if key in part])
        np.testing.assert_array_equal(joined, values)


@pytest.mark.parametrize("name", DATED)
def test_nothing_in_train_is_later_than_anything_in_test(name):
    domain = load_domain(name)
    assert stamps(domain.series("train")).max() < stamps(domain.series("test")).min()


@pytest.mark.parametrize("name", NAMES)
def test_train_is_four_fifths_of_the_time(name):
    domain = load_domain(name)
    longest, train = (max(len(series) for series in domain.series(split)) for split in ("all", "train"))
    assert train / longest == pytest.approx(0.8, abs=0.001)


@pytest.mark.parametrize("name", NAMES)
def test_reading_twice_gives_the_same(name):
    first, second = load_domain(name).series(), load_domain(name).series()
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one.values, other.values)


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_the_end_of_the_series(name):
    domain = load_domain(name)
    for sample, series in zip(domain.sample(), domain.series(), strict=True):
        assert len(sample) <= domains.SAMPLE_STEPS
        np.testing.assert_array_equal(sample.values, series.values[-len(sample) :])


def test_a_stock_that_was_listed_late_is_in_test_only():
    stocks = load_domain("stocks")
    assert {one.name for one in stocks.series("test")} - {one.name for one in stocks.series("train")} == {"FB"}


def test_holidays_are_missing_not_invented():
    (apple,) = [one for one in load_domain("stocks").series() if one.name == "AAPL"]
    closed = apple.index.get_loc(pd.Timestamp("2012-12-25"))
    assert np.isnan(apple.values[closed]).all()
    assert np.isfinite(apple.values[closed - 1]).all()


def test_closed_days_of_the_shop_are_missing():
    (shop,) = load_domain("ecommerce").series()
    assert np.isnan(shop.values[:, shop.channels.index("revenue")]).sum() == 135


def test_labels_go_with_the_steps_of_each_split():
    ecg = load_domain("ecg")
    (whole,) = ecg.labels()
    assert np.flatnonzero(whole)[[0, -1]].tolist() == [6936, 7287]
    for split in ("train", "test"):
        for label, series in zip(ecg.labels(split), ecg.series(split), strict=True):
            assert len(label) == len(series)
    np.testing.assert_array_equal(np.concatenate([*ecg.labels("train"), *ecg.labels("test")]), whole)


def test_asking_a_domain_without_labels_says_which_has_them():
    with pytest.raises(DataError, match="'ecg' does"):
        load_domain("weather").labels()


def test_an_unknown_split_lists_those_that_exist():
    with pytest.raises(DataError, match="'all', 'train', 'test'"):
        load_domain("weather").series("validation")


def test_a_changed_file_is_noticed():
    weather = load_domain("weather")
    damaged = dataclasses.replace(weather, info=dataclasses.replace(weather.info, sha256="0" * 64))
    with pytest.raises(DataError, match=r"weather_seattle_daily\.csv\.gz .*changed or damaged"):
        damaged.series()


def test_an_unknown_domain_gets_a_suggestion():
    with pytest.raises(PluginError, match="Did you mean 'stocks'"):
        load_domain("stonks")


def test_a_plugin_that_brings_no_domain_is_an_error(monkeypatch):
    monkeypatch.setattr(domains, "get_domain", lambda name: DomainSpec(name=name, target="builtins:list"))
    with pytest.raises(PluginError, match="'builtins:list' returned list"):
        load_domain("tides")
