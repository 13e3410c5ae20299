"""Plugins: encoders and data domains that other distributions bring; needs the standard library and pluggy only."""

from __future__ import annotations

from tjepa_estimators.plugins.catalog import Catalog, PluginRow, get_domain, get_encoder, list_plugins, provider, reload
from tjepa_estimators.plugins.hookspecs import hookimpl
from tjepa_estimators.plugins.specs import DomainSpec, EncoderSpec

__all__ = [
    "Catalog",
    "DomainSpec",
    "EncoderSpec",
    "PluginRow",
    "get_domain",
    "get_encoder",
    "hookimpl",
    "list_plugins",
    "provider",
    "reload",
]
