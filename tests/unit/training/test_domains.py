"""What pretraining is given becomes domains with names, series and sources."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tjepa_estimators import Series, load_domain
from tjepa_estimators.errors import DataError, PluginError
from tjepa_estimators.training.domains import as_domains


def frame(name="shop"):
    return pd.DataFrame({name: np.arange(30.0)}, index=pd.date_range("2024-01-01", periods=30))


def shown(data):
    return [(domain.name, len(domain.series)) for domain in as_domains(data)]


@pytest.mark.parametrize(
    "data",
    [np.zeros(30), np.zeros((2, 30, 1)), [np.zeros(30), np.zeros(20)], frame(), [frame(), np.zeros(9)]],
    ids=["array", "panel", "arrays", "frame", "mixed list"],
)
def test_data_without_domains_is_one(data):
    ((name, _),) = shown(data)
    assert name == "data"


@pytest.mark.parametrize("given", ["weather", ["weather"], ("weather",)])
def test_one_name_is_one_domain_with_its_training_part_and_licence(given):
    (domain,) = as_domains(given)
    expected = load_domain("weather")
    assert domain.name == "weather"
    assert [len(one) for one in domain.series] == [len(one) for one in expected.series("train")]
    assert domain.sources == ({"name": "weather", "licence": expected.info.licence, "source": expected.info.source},)


def test_each_domain_of_a_list_is_one_and_everything_else_is_one_more():
    given = [np.zeros(30), "stocks", frame(), load_domain("weather")]
    assert shown(given) == [("stocks", 4), ("weather", 1), ("data", 2)]


def test_a_dict_names_its_domains():
    given = {
        "mine": frame(),
        7: [np.zeros(30), np.zeros(20)],
        "air": "weather",
        "markets": ["stocks", "crypto", frame()],
    }
    found = as_domains(given)
    assert [domain.name for domain in found] == ["mine", "7", "air", "markets"]
    assert [len(domain.series) for domain in found[:3]] == [1, 2, 1]
    assert [source["name"] for source in found[2].sources] == ["weather"]
    assert [source["name"] for source in found[3].sources] == ["stocks", "crypto"]
    assert len(found[3].series) == len(as_domains("stocks")[0].series) + len(as_domains("crypto")[0].series) + 1


def test_names_of_series_are_told_once_each():
    (domain,) = as_domains([Series(np.zeros(9), name="a"), Series(np.ones(9), name="b"), Series(np.ones(8), name="a")])
    assert domain.sources == ({"name": "a"}, {"name": "b"})


def test_a_name_given_twice_is_refused():
    with pytest.raises(DataError, match=r"these are \['stocks', 'stocks'\]; give a dict of names"):
        as_domains(["stocks", load_domain("stocks")])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "An empty dict"),
        ([], "an empty list"),
        ({"a": []}, "an empty list"),
        (3, "cannot read series from int"),
        ({"a": {"b": np.zeros(9)}}, "cannot read series from dict"),
    ],
)
def test_what_holds_no_series_is_refused(data, message):
    with pytest.raises(DataError, match=message):
        as_domains(data)


def test_a_misspelt_name_gets_a_suggestion():
    with pytest.raises(PluginError, match="Did you mean 'weather'"):
        as_domains(["wether", "stocks"])
