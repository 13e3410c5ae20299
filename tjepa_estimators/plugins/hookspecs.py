"""The hooks that a plugin may implement: each takes no argument and returns descriptions, nothing is imported yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tjepa_estimators.plugins.specs import (
        CommandSpec,
        DomainSpec,
        EncoderSpec,
        MaskerSpec,
        PresetSpec,
        TokenizerSpec,
    )

__all__ = [
    "GROUP",
    "hookimpl",
    "tjepa_commands",
    "tjepa_domains",
    "tjepa_encoders",
    "tjepa_maskers",
    "tjepa_presets",
    "tjepa_tokenizers",
]

GROUP = "tjepa"
"""The entry-point group that plugins register under."""

hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)
"""Marks a function of a plugin as its implementation of the hook of the same name."""


@hookspec
def tjepa_encoders() -> Iterable[EncoderSpec]:
    """Return the encoders that this plugin brings.

    Examples
    --------
    A whole plugin: ``pyproject.toml`` and two files. ``pyproject.toml``::

        [build-system]
        requires = ["hatchling"]
        build-backend = "hatchling.build"

        [project]
        name = "tjepa-mean"
        version = "0.1.0"
        dependencies = ["tjepa-estimators"]

        [project.entry-points.tjepa]
        mean = "tjepa_mean"

    ``tjepa_mean/__init__.py``, which imports no torch, so that listing plugins stays quick::

        from tjepa_estimators.plugins import EncoderSpec, hookimpl


        @hookimpl
        def tjepa_encoders():
            return [
                EncoderSpec(
                    name="mean",
                    target="tjepa_mean.encoder:MeanEncoder",
                    config="tjepa_mean.encoder:MeanConfig",
                    summary="Adds the mean of the observed tokens to each token",
                )
            ]

    ``tjepa_mean/encoder.py``, imported when someone asks for the encoder::

        from dataclasses import dataclass

        import torch


        @dataclass(frozen=True)
        class MeanConfig:
            weight: float = 0.5


        class MeanEncoder(torch.nn.Module):
            def __init__(self, dim, config):
                super().__init__()
                self.mix = torch.nn.Linear(dim, dim)
                self.weight = config.weight

            def forward(self, x, padding=None):
                observed = torch.ones_like(x[..., :1])
                if padding is not None:
                    observed = observed.masked_fill(padding.unsqueeze(-1), 0)
                mean = (x * observed).sum(1, keepdim=True) / observed.sum(1, keepdim=True).clamp(min=1)
                return x + self.weight * self.mix(mean)
    """
    raise NotImplementedError


@hookspec
def tjepa_domains() -> Iterable[DomainSpec]:
    """Return the data domains that this plugin brings.

    Examples
    --------
    A whole plugin: ``pyproject.toml`` and one file. ``pyproject.toml``::

        [build-system]
        requires = ["hatchling"]
        build-backend = "hatchling.build"

        [project]
        name = "tjepa-tides"
        version = "0.1.0"
        dependencies = ["tjepa-estimators"]

        [project.entry-points.tjepa]
        tides = "tjepa_tides"

    ``tjepa_tides.py``, where numpy is imported only when the series are asked for::

        from tjepa_estimators.plugins import DomainSpec, hookimpl


        @hookimpl
        def tjepa_domains():
            return [DomainSpec(name="tides", target="tjepa_tides:Tides", summary="A tide of two periods, hourly")]


        class Tides:
            def __init__(self):
                from tjepa_estimators.contracts import DomainInfo

                self.info = DomainInfo(
                    name="tides",
                    title="A tide of two periods",
                    licence="CC0 1.0",
                    source="computed",
                    frequency="h",
                    season=12,
                    sha256="",
                )

            def series(self, split="all"):
                import numpy as np

                from tjepa_estimators import Series

                hours = np.arange(24.0 * 365)
                whole = Series(np.sin(hours / 12.42 * 6.28) + 0.4 * np.sin(hours / 12 * 6.28), name="gauge")
                train, test = whole.split(0.8)
                return {"all": [whole], "train": [train], "test": [test]}[split]

            def sample(self):
                return [whole.tail(240) for whole in self.series()]
    """
    raise NotImplementedError


@hookspec
def tjepa_tokenizers() -> Iterable[TokenizerSpec]:
    """Return the kinds of data, beside series, that this plugin makes tokens of.

    Examples
    --------
    The hook of a plugin that reads notes of music; ``my_package/notes.py`` holds a
    :class:`~tjepa_estimators.contracts.TokenizerSettings` and a :class:`~tjepa_estimators.contracts.Tokenizer`::

        @hookimpl
        def tjepa_tokenizers():
            return [TokenizerSpec(name="notes", target="my_package.notes:Notes", config="my_package.notes:NotesConfig")]
    """
    raise NotImplementedError


@hookspec
def tjepa_maskers() -> Iterable[MaskerSpec]:
    """Return the ways to hide tokens that this plugin brings.

    Examples
    --------
    The hook of a plugin; ``my_package/masks.py`` holds a :class:`~tjepa_estimators.contracts.Masker`::

        @hookimpl
        def tjepa_maskers():
            return [MaskerSpec(name="every-other", target="my_package.masks:EveryOther")]
    """
    raise NotImplementedError


@hookspec
def tjepa_presets() -> Iterable[PresetSpec]:
    """Return the named recipes that this plugin brings.

    Examples
    --------
    The hook of a plugin; ``my_package/presets.py`` holds a function without arguments that returns a
    :class:`~tjepa_estimators.jepa.config.Preset`::

        @hookimpl
        def tjepa_presets():
            return [PresetSpec(name="notes-tiny", target="my_package.presets:tiny")]
    """
    raise NotImplementedError


@hookspec
def tjepa_commands() -> Iterable[CommandSpec]:
    """Return the verbs that this plugin adds to the command line.

    Examples
    --------
    The hook of a plugin; ``my_package/play.py`` holds a function ``run(options)``::

        @hookimpl
        def tjepa_commands():
            return [CommandSpec(name="play", target="my_package.play:run", summary="notes in, sound out")]
    """
    raise NotImplementedError
