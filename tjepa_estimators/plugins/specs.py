"""What a plugin hands over: names and lazy ``"module:attribute"`` targets, imported on first use."""

from __future__ import annotations

import re
from dataclasses import dataclass, is_dataclass
from importlib import import_module
from importlib.metadata import packages_distributions
from typing import TYPE_CHECKING, Any

from tjepa_estimators.errors import PluginError

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from tjepa_estimators.contracts import DataDomain

__all__ = ["API", "DomainSpec", "EncoderSpec"]

API = 1
"""The version of the plugin contract that this release understands."""

_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_TARGET = re.compile(r"[\w.]+:\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderSpec:
    """An encoder: a sequence mixer ``(batch, tokens, dim) -> (batch, tokens, dim)``.

    Parameters
    ----------
    name
        What users write: lower case, unique across the installed plugins.
    target
        ``"module:attribute"`` of a callable, called as ``target(dim, config)``, that returns a torch module
        with ``forward(x, padding=None)``; see :class:`tjepa_estimators.contracts.Encoder`.
    config
        ``"module:attribute"`` of its frozen config dataclass; every field has a default.
    summary
        One line for the list of plugins.
    api
        Version of the contract that the plugin was written for.

    Raises
    ------
    PluginError
        If the name or a target is malformed.

    Examples
    --------
    >>> EncoderSpec(name="mean", target="my_package.mean:MeanEncoder", config="my_package.mean:MeanConfig").api
    1
    """

    name: str
    target: str
    config: str
    summary: str = ""
    api: int = API

    def __post_init__(self) -> None:
        _check_name("encoder", self.name)
        _check_target(self.name, "target", self.target)
        _check_target(self.name, "config", self.config)

    def load(self) -> Callable[[int, Any], nn.Module]:
        """Import the encoder; raises :class:`PluginError` where that fails."""
        builder: Callable[[int, Any], nn.Module] = _load("encoder", self.name, self.target)
        return builder

    def load_config(self) -> type[Any]:
        """Import the config dataclass; raises :class:`PluginError` where that fails or it is no dataclass."""
        config = _load("config of encoder", self.name, self.config)
        if not (isinstance(config, type) and is_dataclass(config)):
            raise PluginError(f"The config {self.config!r} of encoder {self.name!r} is {config!r}; make it a dataclass")
        return config


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainSpec:
    """A data domain: a source of series with its licence.

    Parameters
    ----------
    name
        What users write: lower case, unique across the installed plugins.
    target
        ``"module:attribute"`` of a callable without arguments that returns a
        :class:`tjepa_estimators.contracts.DataDomain`.
    summary
        One line for the list of plugins.
    api
        Version of the contract that the plugin was written for.

    Raises
    ------
    PluginError
        If the name or the target is malformed.

    Examples
    --------
    >>> DomainSpec(name="tides", target="my_package.tides:tides", summary="Tide gauges, hourly").name
    'tides'
    """

    name: str
    target: str
    summary: str = ""
    api: int = API

    def __post_init__(self) -> None:
        _check_name("domain", self.name)
        _check_target(self.name, "target", self.target)

    def load(self) -> Callable[[], DataDomain]:
        """Import the domain's factory; raises :class:`PluginError` where that fails."""
        factory: Callable[[], DataDomain] = _load("domain", self.name, self.target)
        return factory


def _check_name(kind: str, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise PluginError(
            f"The {kind} name {name!r} is malformed; use lower-case letters, digits, '-' and '_', a letter first"
        )


def _check_target(name: str, field: str, target: str) -> None:
    if not _TARGET.fullmatch(target):
        raise PluginError(f"The {field} {target!r} of {name!r} is malformed; write 'package.module:attribute'")


def _load(kind: str, name: str, target: str) -> Any:  # noqa: ANN401 - whatever the plugin's author put there
    module, _, attribute = target.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except Exception as error:
        owners = packages_distributions().get(module.partition(".")[0], [])
        origin = f" of distribution {' and '.join(sorted(set(owners)))}" if owners else ""
        raise PluginError(
            f"The {kind} {name!r}{origin} could not be imported from {target!r}: {type(error).__name__}: {error}. "
            "Install what it needs, or update the plugin"
        ) from error
