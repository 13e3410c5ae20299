"""Plugins: what other distributions bring; needs the standard library and pluggy only."""

from __future__ import annotations

from tjepa_estimators.plugins.catalog import (
    Catalog,
    PluginRow,
    get_command,
    get_domain,
    get_encoder,
    get_masker,
    get_preset,
    get_tokenizer,
    list_plugins,
    provider,
    reload,
)
from tjepa_estimators.plugins.hookspecs import hookimpl
from tjepa_estimators.plugins.specs import (
    CommandSpec,
    DomainSpec,
    EncoderSpec,
    MaskerSpec,
    PresetSpec,
    TokenizerSpec,
)

__all__ = [
    "Catalog",
    "CommandSpec",
    "DomainSpec",
    "EncoderSpec",
    "MaskerSpec",
    "PluginRow",
    "PresetSpec",
    "TokenizerSpec",
    "get_command",
    "get_domain",
    "get_encoder",
    "get_masker",
    "get_preset",
    "get_tokenizer",
    "hookimpl",
    "list_plugins",
    "provider",
    "reload",
]
