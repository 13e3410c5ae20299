"""Specs say what is wrong when they are made or when their target is imported."""

from __future__ import annotations

import pytest

from tjepa_estimators.errors import PluginError
from tjepa_estimators.plugins.specs import DomainSpec, EncoderSpec


def _encoder(**changes):
    return EncoderSpec(**{"name": "mean", "target": "textwrap:dedent", "config": "fractions:Fraction", **changes})


@pytest.mark.parametrize("name", ["", "Mean", "1st", "two words", "päth"])
def test_a_malformed_name_is_refused(name):
    with pytest.raises(PluginError, match="lower-case"):
        _encoder(name=name)


@pytest.mark.parametrize("target", ["textwrap", "textwrap:", ":dedent", "textwrap.dedent", "a b:c"])
def test_a_malformed_target_is_refused(target):
    with pytest.raises(PluginError, match=r"package\.module:attribute"):
        DomainSpec(name="tides", target=target)


def test_a_target_is_imported_when_loaded():
    import textwrap

    assert _encoder().load() is textwrap.dedent


def test_a_missing_module_is_named_with_the_plugin():
    with pytest.raises(
        PluginError, match=r"encoder 'mean' could not be imported from 'no_such_module:x'.*no_such_module"
    ):
        _encoder(target="no_such_module:x").load()


def test_a_missing_attribute_names_the_distribution_to_update():
    with pytest.raises(PluginError, match=r"of distribution pluggy could not be imported from 'pluggy:nothing'"):
        _encoder(target="pluggy:nothing").load()


def test_a_config_must_be_a_dataclass():
    with pytest.raises(PluginError, match="make it a dataclass"):
        _encoder().load_config()


def test_a_config_dataclass_is_returned():
    assert _encoder(config="tjepa_estimators.plugins.specs:DomainSpec").load_config() is DomainSpec
