"""Built-in domains pass, and each check fails on a domain that breaks its law."""

from __future__ import annotations

import itertools
import socket
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tjepa_estimators import Series
from tjepa_estimators.contracts import DomainInfo
from tjepa_estimators.errors import PluginError
from tjepa_estimators.plugins import builtin
from tjepa_estimators.testing import DOMAIN_CHECKS, ConformanceError, SkipCheck, check_domain
from tjepa_estimators.testing import domain as checks
from tjepa_estimators.testing.domain import RegisteredDomain

BUNDLED = [spec.name for spec in builtin.tjepa_domains()]  # others may fetch: their own tests serve them recordings
DAYS = pd.date_range("2024-01-01", periods=200, freq="D")
WAVE = np.sin(np.arange(200) / 3)
opened = itertools.count()


@pytest.mark.parametrize("check", DOMAIN_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", BUNDLED)
def test_a_bundled_domain_passes(name, check):
    if check is checks.check_test_is_later_than_train and name in {"ecg", "synthetic"}:
        with pytest.raises(SkipCheck, match="the series carry no time"):
            check(RegisteredDomain(name))
    else:
        check(RegisteredDomain(name))


class Tide:
    """Keeps every law."""

    info = DomainInfo(
        name="made_up", title="A tide", licence="CC0 1.0", source="computed", frequency="D", season=12, sha256=""
    )

    def whole(self):
        return [Series(WAVE, DAYS, "gauge")]

    def series(self, split="all"):
        train, test = zip(*(one.split(0.8) for one in self.whole()), strict=True)
        return {"all": self.whole(), "train": train, "test": test}[split]

    def sample(self):
        return [one.tail(64) for one in self.whole()]


def told(**changes):
    return type("Changed", (Tide,), {"info": replace(Tide.info, **changes)})


def holding(*series):
    return type("Changed", (Tide,), {"whole": lambda self: list(series)})


def giving(**methods):
    return type("Changed", (Tide,), methods)


def overlapping(self, split="all"):
    (whole,) = self.whole()
    parts = {"all": whole, "train": whole.split(0.8)[0], "test": whole.tail(50)}
    return [parts[split]]


def reaching_for_the_network(self):
    with socket.create_connection(("127.0.0.1", 9)):
        return self.whole()


def cut_one_by_one(self, split="all"):
    early, late = Series(WAVE, DAYS, "early"), Series(WAVE, DAYS + pd.Timedelta(days=100), "late")
    parts = {"all": (early, late), "train": (early.split(0.8)[0], late.split(0.8)[0])}
    return {**parts, "test": (early.split(0.8)[1], late.split(0.8)[1])}[split]


def grown(self):
    return [Series(WAVE + next(opened), DAYS, "gauge")]


BROKEN = [
    (checks.check_info_is_complete, giving(info={"name": "made_up"}), "info is a dict"),
    (checks.check_info_is_complete, told(licence=" "), "does not state .'licence'"),
    (checks.check_info_is_complete, told(season=0), "season is 0"),
    (checks.check_info_is_complete, told(sha256="abc"), "sha256 is 'abc'"),
    (checks.check_info_is_complete, told(frequency="fortnight"), "Invalid frequency"),
    (checks.check_splits_make_the_whole, giving(series=overlapping), "do not make up the whole"),
    (checks.check_splits_make_the_whole, giving(series=lambda self, split="all": self.whole()), "do not make up"),
    (checks.check_splits_make_the_whole, holding(Series(WAVE), Series(-WAVE)), "the same name"),
    (checks.check_splits_make_the_whole, giving(series=lambda self, split="all": []), "0 series to train on"),
    (checks.check_test_is_later_than_train, giving(series=cut_one_by_one), "Training data reaches to"),
    (checks.check_unknown_split_is_refused, giving(series=lambda self, split="all": self.whole()), "neither"),
    (checks.check_values_are_usable, giving(series=lambda self, split="all": [WAVE]), "wrap arrays in Series"),
    (checks.check_values_are_usable, holding(Series(np.where(np.arange(200) < 120, np.nan, WAVE))), "misses 60%"),
    (checks.check_values_are_usable, holding(Series(WAVE[:-1], DAYS.delete(7), "gaps")), "has not frequency"),
    (checks.check_opens_the_same_twice, giving(whole=grown), "differs"),
    (checks.check_sample_needs_no_network, giving(sample=reaching_for_the_network), "reached for the network"),
    (checks.check_sample_needs_no_network, giving(sample=lambda self: []), "gives no Series"),
    (checks.check_sample_needs_no_network, giving(sample=lambda self: [Series(np.zeros(10**6))]), "1000000 steps"),
    (checks.check_pretrains_on_its_sample, giving(sample=lambda self: [WAVE]), "has no attribute"),
]


@pytest.mark.parametrize(("check", "make", "message"), BROKEN)
def test_a_check_fails_on_a_domain_that_breaks_its_law(check, make, message):
    with pytest.raises((AssertionError, AttributeError, ValueError), match=message):
        check(make)


def test_every_check_can_fail():
    assert {check for check, _, _ in BROKEN} == set(DOMAIN_CHECKS[:-1])


def test_infinite_values_are_found():
    one = Series(WAVE.copy(), DAYS, "gauge")
    one.values[7] = np.inf  # Series refuses them, but its array can be written to
    with pytest.raises(AssertionError, match="infinite"):
        checks.check_values_are_usable(giving(series=lambda self, split="all": [one]))


def test_hooks_that_import_numpy_are_found(install):
    spec = "DomainSpec(name='heavy', target='heavy_domain:make')"
    install(
        "heavy_domain",
        "import numpy\nfrom tjepa_estimators.plugins import DomainSpec, hookimpl\n"
        f"@hookimpl\ndef tjepa_domains(): return [{spec}]\n",
    )
    with pytest.raises(AssertionError, match="plugins of heavy_domain imports numpy"):
        checks.check_hooks_import_no_torch(RegisteredDomain("heavy"))
    checks.check_hooks_import_no_torch(RegisteredDomain("weather"))  # a heavy neighbour is not its fault


def test_a_domain_that_keeps_every_law_passes_by_name_and_as_a_function(register):
    assert check_domain(Tide).summary == "8 passed, 1 skipped"
    assert check_domain(register(Tide)).summary == "9 passed"


class Renamed(Tide):
    info = replace(Tide.info, name="tides")


def test_a_domain_must_be_called_as_it_is_registered(register):
    with pytest.raises(ConformanceError, match="registered as 'made_up', but info calls it 'tides'"):
        check_domain(register(Renamed))


def test_an_unknown_name_is_an_error_with_a_suggestion():
    with pytest.raises(PluginError, match="Did you mean 'weather'"):
        check_domain("wether")
