"""Which encoders and domains are installed, from where, and what is wrong with the rest."""

from __future__ import annotations

import os
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, TypeVar

import pluggy

import tjepa_estimators
from tjepa_estimators.errors import PluginError
from tjepa_estimators.plugins import builtin, hookspecs
from tjepa_estimators.plugins.specs import (
    API,
    CommandSpec,
    DomainSpec,
    EncoderSpec,
    MaskerSpec,
    PresetSpec,
    Spec,
    TokenizerSpec,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "Catalog",
    "PluginRow",
    "get_command",
    "get_domain",
    "get_encoder",
    "get_masker",
    "get_preset",
    "get_tokenizer",
    "list_plugins",
    "provider",
    "reload",
]

DISABLED_VARIABLE = "TJEPA_DISABLED_PLUGINS"
"""Environment variable: names of entry points, separated by commas, that are not loaded."""

Kind = TypeVar("Kind", EncoderSpec, DomainSpec, TokenizerSpec, MaskerSpec, PresetSpec, CommandSpec)

_KNOWN: dict[type, dict[str, str]] = {
    EncoderSpec: {"hugging-face": "tjepa-text", "moe": "tjepa-moe", "performer": "tjepa-performer"},
    DomainSpec: {
        "air_temperature": "tjepa-vision",
        "coins": "tjepa-finance",
        "digits": "tjepa-vision",
        "hamlet": "tjepa-text",
        "indices": "tjepa-finance",
        "page_views": "tjepa-webtraffic",
        "places": "tjepa-weather",
        "stations": "tjepa-weather",
        "transactions": "tjepa-webtraffic",
        "web_logs": "tjepa-webtraffic",
    },
    TokenizerSpec: {
        "image-patches": "tjepa-vision",
        "vectors": "tjepa-world",
        "video-tubelets": "tjepa-vision",
        "wordpiece": "tjepa-text",
    },
    MaskerSpec: {
        "future-frames": "tjepa-vision",
        "image-block": "tjepa-vision",
        "span": "tjepa-text",
        "tube": "tjepa-vision",
    },
    PresetSpec: {
        "image-jepa": "tjepa-vision",
        "image-tiny": "tjepa-vision",
        "t-jepa": "tjepa-text",
        "text-tiny": "tjepa-text",
        "vectors-tiny": "tjepa-world",
        "video-jepa": "tjepa-vision",
        "video-tiny": "tjepa-vision",
    },
    CommandSpec: {
        "demo-text": "tjepa-text",
        "demo-vision": "tjepa-vision",
        "demo-world": "tjepa-world",
        "probe-text": "tjepa-text",
    },
}
"""Names that distributions of ours bring, to say what to install."""
_KINDS: dict[type, str] = {
    EncoderSpec: "encoder",
    DomainSpec: "domain",
    TokenizerSpec: "tokenizer",
    MaskerSpec: "masker",
    PresetSpec: "preset",
    CommandSpec: "command",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginRow:
    """One line of the list of plugins."""

    kind: str
    """``"encoder"``, ``"domain"``, ``"tokenizer"``, ``"masker"``, ``"preset"``, ``"command"``, or ``"plugin"``
    for a plugin that brings nothing because of its ``status``."""
    name: str
    summary: str
    distribution: str
    version: str
    status: str
    """``"ok"``, ``"disabled"``, or what is wrong."""


@dataclass(frozen=True, slots=True)
class _Source:
    """Where a plugin comes from."""

    distribution: str
    version: str

    def __str__(self) -> str:
        return f"{self.distribution} {self.version}".rstrip()


class Catalog:
    """The built-in plugins and those of other distributions; loading it imports hooks, never an encoder.

    Parameters
    ----------
    entry_points
        Plugins to load beside the built-in ones; None finds those that are installed.
    disabled
        Names of entry points to leave out; None reads the environment variable ``TJEPA_DISABLED_PLUGINS``.

    Examples
    --------
    >>> Catalog(entry_points=()).get_encoder("transformer").target
    'tjepa_estimators.nn.transformer:TransformerEncoder'
    """

    def __init__(
        self, entry_points: Iterable[metadata.EntryPoint] | None = None, disabled: Iterable[str] | None = None
    ) -> None:
        self._found: list[tuple[Spec, _Source]] = []
        self._failed: list[PluginRow] = []
        blocked = set(
            os.environ.get(DISABLED_VARIABLE, "").replace(" ", "").split(",") if disabled is None else disabled
        )
        self._add_specs(_read(builtin), "built-in", _Source("tjepa-estimators", tjepa_estimators.__version__))
        for point in metadata.entry_points(group=hookspecs.GROUP) if entry_points is None else entry_points:
            self._add_entry_point(point, is_disabled=point.name in blocked)

    def get_encoder(self, name: str) -> EncoderSpec:
        """Describe the encoder ``name``; see :meth:`get`."""
        return self.get(EncoderSpec, name)

    def get_domain(self, name: str) -> DomainSpec:
        """Describe the domain ``name``; see :meth:`get`."""
        return self.get(DomainSpec, name)

    def provider(self, plugin: str | Spec) -> tuple[str, str]:
        """Distribution and version that bring a plugin; a plain name means an encoder before a domain."""
        for spec, source in self._found:
            if plugin in (spec, spec.name):
                return source.distribution, source.version
        raise PluginError(f"No installed distribution brings {plugin!r}; `tjepa plugins` lists what there is")

    def rows(self) -> list[PluginRow]:
        """One row for each thing that a plugin brings, then one for each plugin that could not be used."""
        return [self._row(spec, source) for spec, source in self._found] + self._failed

    def _add_entry_point(self, point: metadata.EntryPoint, *, is_disabled: bool) -> None:
        source = _Source(point.dist.name, point.dist.version) if point.dist else _Source(point.value, "")
        if is_disabled:
            self._fail(point.name, source, "disabled")
            return
        try:
            specs = _read(point.load())
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a plugin must not reach other plugins
            self._fail(point.name, source, f"{type(error).__name__}: {error}")
        else:
            self._add_specs(specs, point.name, source)

    def _add_specs(self, specs: Iterable[Spec], plugin: str, source: _Source) -> None:
        for spec in specs:
            if not isinstance(spec, tuple(_KINDS)) or not isinstance(spec.api, int):
                self._fail(plugin, source, f"{spec!r} is no known kind of spec, or its api is no whole number")
            elif spec.api == API:
                self._found.append((spec, source))
            else:
                advice = "update tjepa-estimators" if spec.api > API else "update the plugin"
                self._fail(
                    plugin, source, f"{spec.name!r} is written for plugin API {spec.api}, not for {API}: {advice}"
                )

    def _fail(self, name: str, source: _Source, status: str) -> None:
        row = PluginRow(
            kind="plugin",
            name=name,
            summary="",
            distribution=source.distribution,
            version=source.version,
            status=status,
        )
        self._failed.append(row)

    def _row(self, spec: Spec, source: _Source) -> PluginRow:
        kind = next(kind for known, kind in _KINDS.items() if isinstance(spec, known))
        others = [
            str(other)
            for rival, other in self._found
            if rival is not spec and (type(rival), rival.name) == (type(spec), spec.name)
        ]
        return PluginRow(
            kind=kind,
            name=spec.name,
            summary=spec.summary,
            distribution=source.distribution,
            version=source.version,
            status=f"clashes with {' and '.join(others)}" if others else "ok",
        )

    def _rivals(self, kind: type[Kind], name: str) -> list[tuple[Kind, _Source]]:
        return [(spec, source) for spec, source in self._found if isinstance(spec, kind) and spec.name == name]

    def get(self, kind: type[Kind], name: str) -> Kind:
        """Describe what is named ``name``; raises :class:`PluginError` if it is unknown or brought twice."""
        match self._rivals(kind, name):
            case [(spec, _)]:
                return spec
            case []:
                raise PluginError(self._explain_unknown(kind, name))
            case rivals:
                sources = " and by ".join(str(source) for _, source in rivals)
                raise PluginError(
                    f"The {_KINDS[kind]} {name!r} is brought by {sources}; "
                    f"uninstall one, or name its entry point in the environment variable {DISABLED_VARIABLE}"
                )

    def _explain_unknown(self, kind: type[Kind], name: str) -> str:
        names: list[str] = sorted(spec.name for spec, _ in self._found if isinstance(spec, kind))
        parts = [f"No {_KINDS[kind]} is named {name!r}."]
        known: dict[str, str] = _KNOWN.get(kind, {})
        for match in get_close_matches(name, {*names, *known}, n=1):
            parts += [f"Did you mean {match!r}?"] * (match != name)
            if match not in names:
                home = known[match]
                parts.append(f"It comes with {home}: pip install {home}, or ./plugins/{home} in a clone.")
        parts.append(f"Installed: {', '.join(names)}.")
        parts += [f"Plugin {row.name!r} of {row.distribution} is left out: {row.status}." for row in self._failed]
        return " ".join(parts)


def _read(plugin: object) -> list[Spec]:
    """Specs that one plugin returns; it has a manager of its own, so its faults stay its own."""
    manager = pluggy.PluginManager(hookspecs.GROUP)
    manager.add_hookspecs(hookspecs)
    manager.register(plugin)
    manager.check_pending()
    if not manager.get_hookcallers(plugin):
        raise PluginError("it implements no hook; mark its functions with tjepa_estimators.plugins.hookimpl")
    found: list[Spec] = []
    for kind, word in _KINDS.items():
        brought = [spec for specs in getattr(manager.hook, f"tjepa_{word}s")() for spec in specs]
        for spec in brought:
            if not isinstance(spec, kind):
                raise PluginError(f"its hook for {word}s returned {spec!r}; return a list of {kind.__name__}")
        found += brought
    return found


@cache
def _installed() -> Catalog:
    return Catalog()


def reload() -> None:
    """Forget what is installed; the next question looks again."""
    _installed.cache_clear()


def get_encoder(name: str) -> EncoderSpec:
    """Describe the installed encoder ``name``.

    Raises
    ------
    PluginError
        If no installed distribution brings it (with a suggestion), or two do.

    Examples
    --------
    >>> get_encoder("transformer").name
    'transformer'
    """
    return _installed().get_encoder(name)


def get_domain(name: str) -> DomainSpec:
    """Describe the installed data domain ``name``.

    Raises
    ------
    PluginError
        If no installed distribution brings it (with a suggestion), or two do.

    Examples
    --------
    >>> get_domain("weather").target
    'tjepa_estimators.data.domains:weather'
    """
    return _installed().get_domain(name)


def get_tokenizer(name: str) -> TokenizerSpec:
    """Describe the installed tokenizer ``name``; errors as for :func:`get_encoder`."""
    return _installed().get(TokenizerSpec, name)


def get_masker(name: str) -> MaskerSpec:
    """Describe the installed masker ``name``; errors as for :func:`get_encoder`.

    Examples
    --------
    >>> get_masker("future").target
    'tjepa_estimators.jepa.masking:FutureMasker'
    """
    return _installed().get(MaskerSpec, name)


def get_preset(name: str) -> PresetSpec:
    """Describe the installed preset ``name``; errors as for :func:`get_encoder`."""
    return _installed().get(PresetSpec, name)


def get_command(name: str) -> CommandSpec:
    """Describe the verb ``name`` of the command line; errors as for :func:`get_encoder`.

    Examples
    --------
    >>> get_command("demo").target
    'tjepa_estimators.commands.demo:run'
    """
    return _installed().get(CommandSpec, name)


def provider(plugin: str | Spec) -> tuple[str, str]:
    """Distribution and version that bring an installed plugin; a plain name means an encoder before a domain.

    Raises
    ------
    PluginError
        If no installed distribution brings it.

    Examples
    --------
    >>> provider("transformer")[0]
    'tjepa-estimators'
    """
    return _installed().provider(plugin)


def list_plugins() -> list[PluginRow]:
    """List what installed plugins bring, and the plugins that could not be used with the reason.

    Examples
    --------
    >>> [row.name for row in list_plugins() if row.kind == "encoder" and row.distribution == "tjepa-estimators"]
    ['transformer', 'mamba', 'mamba2', 'transmamba']
    """
    return _installed().rows()
