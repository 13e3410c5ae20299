"""The catalog finds what is installed, and says what is wrong with the rest."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest

from tjepa_estimators.errors import PluginError
from tjepa_estimators.plugins import catalog as module
from tjepa_estimators.plugins.catalog import Catalog
from tjepa_estimators.plugins.hookspecs import hookimpl
from tjepa_estimators.plugins.specs import DomainSpec, EncoderSpec


class Point:
    """Stands for an installed entry point."""

    def __init__(self, name, plugin, distribution="third-party", version="2.0"):
        self.name = name
        self.value = name
        self.dist = SimpleNamespace(name=distribution, version=version)
        self._plugin = plugin

    def load(self):
        if isinstance(self._plugin, Exception):
            raise self._plugin
        return self._plugin


def bringing(encoders=None, domains=None):
    """A plugin object with the given answers."""
    plugin = SimpleNamespace()
    if encoders is not None:

        @hookimpl
        def tjepa_encoders():
            return encoders

        plugin.tjepa_encoders = tjepa_encoders
    if domains is not None:

        @hookimpl
        def tjepa_domains():
            return domains

        plugin.tjepa_domains = tjepa_domains
    return plugin


def encoder(name, api=1):
    return EncoderSpec(name=name, target="textwrap:dedent", config="fractions:Fraction", summary="A test", api=api)


def failures(*points, disabled=()):
    """Statuses of the plugins that the catalog left out."""
    return [row.status for row in Catalog(points, disabled=disabled).rows() if row.kind == "plugin"]


def test_the_built_in_plugins_are_there_without_any_entry_point():
    rows = Catalog(entry_points=()).rows()
    assert [row.name for row in rows if row.kind == "encoder"] == ["transformer", "mamba", "mamba2", "transmamba"]
    assert len([row for row in rows if row.kind == "domain"]) == 9
    assert {(row.distribution, row.status) for row in rows} == {("tjepa-estimators", "ok")}


def test_a_third_party_encoder_is_found_by_name_with_its_distribution():
    mean = encoder("mean")
    catalog = Catalog([Point("mean", bringing(encoders=[mean]))])
    assert catalog.get_encoder("mean") is mean
    assert catalog.provider("mean") == catalog.provider(mean) == ("third-party", "2.0")


def test_encoders_and_domains_have_names_of_their_own():
    tides = DomainSpec(name="transformer", target="textwrap:dedent")
    catalog = Catalog([Point("tides", bringing(domains=[tides]))])
    assert catalog.get_domain("transformer") is tides
    assert catalog.get_encoder("transformer").name == "transformer"
    assert catalog.provider(tides) == ("third-party", "2.0")


def test_hooks_may_be_generators():
    catalog = Catalog([Point("mean", bringing(encoders=(encoder(name) for name in ("mean", "median"))))])
    assert catalog.get_encoder("median").name == "median"


def test_a_clash_names_both_distributions_and_hurts_no_other_name():
    catalog = Catalog([
        Point("a", bringing(encoders=[encoder("mean")]), "dist-a", "1.0"),
        Point("b", bringing(encoders=[encoder("mean"), encoder("median")]), "dist-b", "3.1"),
    ])  # fmt: skip
    with pytest.raises(
        PluginError, match=r"'mean' is brought by dist-a 1\.0 and by dist-b 3\.1.*TJEPA_DISABLED_PLUGINS"
    ):
        catalog.get_encoder("mean")
    assert catalog.get_encoder("median").name == "median"
    assert [row.status for row in catalog.rows() if row.name == "mean"] == [
        "clashes with dist-b 3.1",
        "clashes with dist-a 1.0",
    ]


def test_disabling_one_entry_point_ends_a_clash():
    points = [Point("a", bringing(encoders=[encoder("mean")])), Point("b", bringing(encoders=[encoder("mean")]))]
    catalog = Catalog(points, disabled=["b"])
    assert catalog.get_encoder("mean").name == "mean"
    assert failures(*points, disabled=["b"]) == ["disabled"]


def test_the_environment_disables_plugins(monkeypatch):
    monkeypatch.setenv("TJEPA_DISABLED_PLUGINS", "other, mean")
    catalog = Catalog([Point("mean", bringing(encoders=[encoder("mean")]))])
    with pytest.raises(PluginError, match="left out: disabled"):
        catalog.get_encoder("mean")


def test_a_plugin_that_cannot_be_imported_is_reported_and_hurts_no_other():
    broken = Point("broken", ImportError("no module named 'gone'"), "tjepa-broken")
    catalog = Catalog([broken, Point("mean", bringing(encoders=[encoder("mean")]))])
    assert catalog.get_encoder("mean").name == "mean"
    with pytest.raises(PluginError, match=r"'broken' of tjepa-broken is left out: ImportError: no module named 'gone'"):
        catalog.get_encoder("gone")


def test_a_misspelt_hook_is_reported():
    @hookimpl
    def tjepa_encoder():
        return []

    assert "unknown hook 'tjepa_encoder'" in failures(Point("p", SimpleNamespace(tjepa_encoder=tjepa_encoder)))[0]


def test_a_plugin_without_marked_hooks_is_reported():
    assert "implements no hook" in failures(Point("p", SimpleNamespace(tjepa_encoders=list)))[0]


@pytest.mark.parametrize("answer", [["mean"], 3, [DomainSpec(name="tides", target="a:b")]])
def test_a_hook_that_returns_something_else_is_reported(answer):
    (status,) = failures(Point("p", bringing(encoders=answer)))
    assert status.startswith(("PluginError", "TypeError"))


def test_a_hook_that_raises_is_reported():
    @hookimpl
    def tjepa_domains():
        message = "the disk is on fire"
        raise OSError(message)

    assert failures(Point("p", SimpleNamespace(tjepa_domains=tjepa_domains))) == ["OSError: the disk is on fire"]


@pytest.mark.parametrize(("api", "advice"), [(2, "update tjepa-estimators"), (0, "update the plugin")])
def test_another_version_of_the_contract_is_refused_with_what_to_update(api, advice):
    point = Point("p", bringing(encoders=[encoder("mean", api=api), encoder("median")]))
    (status,) = failures(point)
    assert f"plugin API {api}, not for 1: {advice}" in status
    assert Catalog([point]).get_encoder("median").api == 1


def test_a_misspelt_name_gets_a_suggestion():
    with pytest.raises(PluginError, match=r"No encoder is named 'tranformer'\. Did you mean 'transformer'\?"):
        Catalog(()).get_encoder("tranformer")
    with pytest.raises(PluginError, match=r"Did you mean 'weather'\?"):
        Catalog(()).get_domain("wether")


@pytest.mark.parametrize("name", ["moe", "performer"])
def test_a_known_name_says_what_to_install(name):
    with pytest.raises(PluginError, match=f"pip install tjepa-{name}"):
        Catalog(()).get_encoder(name)


def test_an_unknown_provider_is_an_error():
    with pytest.raises(PluginError, match="No installed distribution brings 'nothing'"):
        Catalog(()).provider("nothing")


def test_what_is_installed_is_looked_up_once_until_reloaded(monkeypatch):
    def points():
        yield Point("mean", bringing(encoders=[encoder("mean")]))

    monkeypatch.setattr(module.metadata, "entry_points", lambda group: points())
    module.reload()
    try:
        found = module.get_encoder("mean")
        monkeypatch.setattr(module.metadata, "entry_points", lambda group: iter(()))
        assert module.get_encoder("mean") is found
        module.reload()
        with pytest.raises(PluginError, match="No encoder"):
            module.get_encoder("mean")
    finally:
        module.reload()


def test_listing_plugins_imports_no_array_library():
    code = (
        "import sys; from tjepa_estimators import list_plugins; list_plugins(); "
        "print([m for m in ('torch', 'numpy', 'pandas', 'pytorch_lightning') if m in sys.modules])"
    )
    environment = {"TJEPA_DISABLED_PLUGINS": ""}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "[]"


class _Special(EncoderSpec):
    """A spec of somebody's own kind."""


def test_specs_of_odd_versions_hurt_no_other_and_a_kind_may_be_refined():
    odd = encoder("odd", api="1")
    rows = Catalog(
        [Point("a", bringing([odd])), Point("b", bringing([_Special(name="special", target="a:b", config="a:c")]))]
    ).rows()
    told = {row.name: (row.kind, row.status) for row in rows}
    assert told["special"] == ("encoder", "ok")
    assert "no whole number" in told["a"][1]
