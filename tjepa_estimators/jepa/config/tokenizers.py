"""Which tokenizer reads the data, where they are no series."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from tjepa_estimators.errors import ConfigError, PluginError
from tjepa_estimators.plugins.catalog import get_tokenizer
from tjepa_estimators.settings import as_settings, to_dict

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from tjepa_estimators.contracts import Tokenizer, TokenizerSettings

__all__ = ["TokenizerConfig"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenizerConfig:
    """A registered tokenizer and its settings."""

    kind: str
    """Its name, see :func:`~tjepa_estimators.list_plugins`."""
    options: dict[str, Any] = field(default_factory=dict)
    """Its settings, such as the size of a patch; those that are left out follow from the data, or are defaults."""

    def __post_init__(self) -> None:
        self.settings()

    def settings(self) -> TokenizerSettings:
        """The settings, checked by the tokenizer's own rules.

        Raises
        ------
        ConfigError
            There is no such tokenizer, or it refuses the settings.
        """
        try:
            config = get_tokenizer(self.kind).load_config()
        except PluginError as error:
            raise ConfigError(str(error)) from error
        return cast("TokenizerSettings", as_settings(config, self.options))

    def fit_to(self, items: object) -> TokenizerConfig:
        """The same tokenizer with settings that fit the items, as plain as an artifact keeps them."""
        settings = to_dict(cast("DataclassInstance", self.settings().fit_to(items)))
        return TokenizerConfig(kind=self.kind, options=json.loads(json.dumps(settings)))

    def build(self, dim: int) -> Tokenizer:
        """A fresh tokenizer whose tokens are ``dim`` wide."""
        return cast("Tokenizer", get_tokenizer(self.kind).load()(dim, self.settings()))
