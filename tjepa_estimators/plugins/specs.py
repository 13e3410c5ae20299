"""What a plugin hands over: names and lazy ``"module:attribute"`` targets, imported on first use."""

from __future__ import annotations

import re
from dataclasses import dataclass, is_dataclass
from importlib import import_module
from importlib.metadata import packages_distributions
from typing import TYPE_CHECKING, Any

from tjepa_estimators.errors import PluginError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import nn

    from tjepa_estimators.contracts import Domain, GridMasker, Masker

__all__ = ["API", "CommandSpec", "DomainSpec", "EncoderSpec", "MaskerSpec", "PresetSpec", "Spec", "TokenizerSpec"]

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
        return _load_config("encoder", self.name, self.config)


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainSpec:
    """A data domain: a source of series, or of samples of another kind, with its licence.

    Parameters
    ----------
    name
        What users write: lower case, unique across the installed plugins.
    target
        ``"module:attribute"`` of a callable without arguments that returns a
        :class:`tjepa_estimators.contracts.DataDomain` or a :class:`tjepa_estimators.contracts.SampleDomain`.
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

    def load(self) -> Callable[[], Domain]:
        """Import the domain's factory; raises :class:`PluginError` where that fails."""
        factory: Callable[[], Domain] = _load("domain", self.name, self.target)
        return factory


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenizerSpec:
    """A kind of data beside series: how raw samples of it become tokens.

    Parameters
    ----------
    name
        What users write: lower case, unique across the installed plugins.
    target
        ``"module:attribute"`` of a callable, called as ``target(dim, config)``, that returns a torch module; see
        :class:`tjepa_estimators.contracts.Tokenizer`.
    config
        ``"module:attribute"`` of its frozen config dataclass, every field of which has a default; see
        :class:`tjepa_estimators.contracts.TokenizerSettings`.
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
    >>> TokenizerSpec(name="notes", target="my_package.notes:Notes", config="my_package.notes:NotesConfig").api
    1
    """

    name: str
    target: str
    config: str
    summary: str = ""
    api: int = API

    def __post_init__(self) -> None:
        _check_name("tokenizer", self.name)
        _check_target(self.name, "target", self.target)
        _check_target(self.name, "config", self.config)

    def load(self) -> Callable[[int, Any], nn.Module]:
        """Import the tokenizer; raises :class:`PluginError` where that fails."""
        builder: Callable[[int, Any], nn.Module] = _load("tokenizer", self.name, self.target)
        return builder

    def load_config(self) -> type[Any]:
        """Import the config dataclass; raises :class:`PluginError` where that fails or it is no dataclass."""
        return _load_config("tokenizer", self.name, self.config)


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskerSpec:
    """A way to hide tokens.

    Parameters
    ----------
    name
        What users write as ``MaskConfig(kind=...)``: lower case, unique across the installed plugins.
    target
        ``"module:attribute"`` of a callable whose arguments are the options of the mask, each with a default, and
        that returns a :class:`tjepa_estimators.contracts.Masker` or a :class:`tjepa_estimators.contracts.GridMasker`.
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
    >>> MaskerSpec(name="every-other", target="my_package.masks:EveryOther").name
    'every-other'
    """

    name: str
    target: str
    summary: str = ""
    api: int = API

    def __post_init__(self) -> None:
        _check_name("masker", self.name)
        _check_target(self.name, "target", self.target)

    def load(self) -> Callable[..., Masker | GridMasker]:
        """Import the masker; raises :class:`PluginError` where that fails."""
        builder: Callable[..., Masker | GridMasker] = _load("masker", self.name, self.target)
        return builder


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetSpec:
    """A named recipe for pretraining.

    Parameters
    ----------
    name
        What users write as ``pretrain(..., config=...)``: lower case, unique across the installed plugins.
    target
        ``"module:attribute"`` of a :class:`tjepa_estimators.jepa.config.Preset`.
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
    >>> PresetSpec(name="notes-tiny", target="my_package.presets:TINY").name
    'notes-tiny'
    """

    name: str
    target: str
    summary: str = ""
    api: int = API

    def __post_init__(self) -> None:
        _check_name("preset", self.name)
        _check_target(self.name, "target", self.target)

    def load(self) -> Any:  # noqa: ANN401 - a Preset, of a layer above this one
        """Import the recipe; raises :class:`PluginError` where that fails."""
        return _load("preset", self.name, self.target)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSpec:
    """A verb of the command line.

    Parameters
    ----------
    name
        What users write after ``tjepa``: lower case, unique across the installed plugins.
    target
        ``"module:attribute"`` of a callable, called with the options after the verb, that returns the exit code, or
        None for 0. One line of an error of ours is shown to the user; ``--help`` must show examples.
    summary
        One line for ``tjepa --help``.
    api
        Version of the contract that the plugin was written for.

    Raises
    ------
    PluginError
        If the name or the target is malformed.

    Examples
    --------
    >>> CommandSpec(name="play", target="my_package.play:run", summary="notes in, sound out").name
    'play'
    """

    name: str
    target: str
    summary: str = ""
    api: int = API

    def __post_init__(self) -> None:
        _check_name("command", self.name)
        _check_target(self.name, "target", self.target)

    def load(self) -> Callable[[Sequence[str]], int | None]:
        """Import what the verb runs; raises :class:`PluginError` where that fails."""
        run: Callable[[Sequence[str]], int | None] = _load("command", self.name, self.target)
        return run


Spec = EncoderSpec | DomainSpec | TokenizerSpec | MaskerSpec | PresetSpec | CommandSpec
"""Whatever a plugin may bring."""


def _check_name(kind: str, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise PluginError(
            f"The {kind} name {name!r} is malformed; use lower-case letters, digits, '-' and '_', a letter first"
        )


def _check_target(name: str, field: str, target: str) -> None:
    if not _TARGET.fullmatch(target):
        raise PluginError(f"The {field} {target!r} of {name!r} is malformed; write 'package.module:attribute'")


def _load_config(kind: str, name: str, target: str) -> type[Any]:
    config = _load(f"config of {kind}", name, target)
    if not (isinstance(config, type) and is_dataclass(config)):
        raise PluginError(f"The config {target!r} of {kind} {name!r} is {config!r}; make it a dataclass")
    return config


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
