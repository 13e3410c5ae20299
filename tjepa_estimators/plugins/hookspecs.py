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
    A whole plugin: ``pyproject.toml`` and two files. ``pyproject.toml``::

        [build-system]
        requires = ["hatchling"]
        build-backend = "hatchling.build"

        [project]
        name = "tjepa-melodies"
        version = "0.1.0"
        dependencies = ["tjepa-estimators"]

        [project.entry-points.tjepa]
        melodies = "tjepa_melodies"

    ``tjepa_melodies/__init__.py``, which imports no torch, so that listing plugins stays quick::

        from tjepa_estimators.plugins import TokenizerSpec, hookimpl


        @hookimpl
        def tjepa_tokenizers():
            return [
                TokenizerSpec(
                    name="melody",
                    target="tjepa_melodies.melody:Melody",
                    config="tjepa_melodies.melody:MelodyConfig",
                    summary="Notes of melodies of one length, as numbers from 0 to 127",
                )
            ]

    ``tjepa_melodies/melody.py``, imported when someone asks for the tokenizer::

        from dataclasses import dataclass, replace

        import numpy as np
        import torch

        from tjepa_estimators.contracts import Tokens
        from tjepa_estimators.data.stacked import StackedSamples
        from tjepa_estimators.errors import DataError
        from tjepa_estimators.nn.positions import sinusoidal_positions


        @dataclass(frozen=True)
        class MelodyConfig:
            length: int | None = None

            def fit_to(self, items):
                return self if self.length else replace(self, length=len(items[0]))

            def samples(self, items):
                return self.rows(items)

            def rows(self, items):
                if {len(item) for item in items} != {self.length}:
                    raise DataError(f"expected melodies of {self.length} notes; cut or pad them")
                return StackedSamples(np.asarray(items, np.int64))


        class Melody(torch.nn.Module):
            def __init__(self, dim, config):
                super().__init__()
                self.dim = dim
                self.embed = torch.nn.Embedding(128, dim)

            def grid(self, raw):
                return (raw.shape[1],)

            def forward(self, raw, context=None):
                places = torch.arange(raw.shape[1], device=raw.device, dtype=torch.float32)
                positions = places.reshape(1, -1, 1).expand(len(raw), -1, -1)
                values = self.embed(raw) + sinusoidal_positions(positions, self.dim)
                return Tokens(values, positions, torch.zeros_like(raw, dtype=torch.bool))
    """
    raise NotImplementedError


@hookspec
def tjepa_maskers() -> Iterable[MaskerSpec]:
    """Return the ways to hide tokens that this plugin brings.

    Examples
    --------
    A whole plugin: ``pyproject.toml`` and two files. ``pyproject.toml``::

        [build-system]
        requires = ["hatchling"]
        build-backend = "hatchling.build"

        [project]
        name = "tjepa-combs"
        version = "0.1.0"
        dependencies = ["tjepa-estimators"]

        [project.entry-points.tjepa]
        combs = "tjepa_combs"

    ``tjepa_combs/__init__.py``::

        from tjepa_estimators.plugins import MaskerSpec, hookimpl


        @hookimpl
        def tjepa_maskers():
            return [MaskerSpec(name="comb", target="tjepa_combs.comb:CombMasker", summary="Every other token")]

    ``tjepa_combs/comb.py``, whose fields are the options of a ``MaskConfig``::

        from dataclasses import dataclass

        import torch

        from tjepa_estimators.contracts import Masks
        from tjepa_estimators.errors import ConfigError


        @dataclass(frozen=True)
        class CombMasker:
            first: int = 0

            def __call__(self, tokens, batch, generator):
                if tokens < 2:
                    raise ConfigError(f"a comb needs two tokens, got {tokens}; lengthen the window")
                order = torch.arange(tokens).expand(batch, -1)
                hidden = order[:, 1 - self.first :: 2]
                return Masks(context=order[:, self.first :: 2], targets=hidden.unsqueeze(1))

    A masker that must know how tokens lie in a plane has ``on(grid)`` in place of a call, see
    :class:`~tjepa_estimators.contracts.GridMasker`.
    """
    raise NotImplementedError


@hookspec
def tjepa_presets() -> Iterable[PresetSpec]:
    """Return the named recipes that this plugin brings.

    Examples
    --------
    A whole plugin: ``pyproject.toml`` and two files. ``pyproject.toml``::

        [build-system]
        requires = ["hatchling"]
        build-backend = "hatchling.build"

        [project]
        name = "tjepa-weekly"
        version = "0.1.0"
        dependencies = ["tjepa-estimators"]

        [project.entry-points.tjepa]
        weekly = "tjepa_weekly"

    ``tjepa_weekly/__init__.py``::

        from tjepa_estimators.plugins import PresetSpec, hookimpl


        @hookimpl
        def tjepa_presets():
            return [
                PresetSpec(name="weekly", target="tjepa_weekly.presets:WEEKLY", summary="Days, in patches of weeks")
            ]

    ``tjepa_weekly/presets.py``::

        from tjepa_estimators.jepa.config import JEPAConfig, Preset

        WEEKLY = Preset(
            jepa=JEPAConfig(context_length=84, future_length=28, patch_length=7),
            encoder={"depth": 1},
            train={"learning_rate": 1e-3},
        )
    """
    raise NotImplementedError


@hookspec
def tjepa_commands() -> Iterable[CommandSpec]:
    """Return the verbs that this plugin adds to the command line.

    A verb named ``demo-<name>`` also answers to ``tjepa demo --domain <name>``; it takes ``--output``, ``--steps``,
    ``--seed`` and ``--fast``.

    Examples
    --------
    A whole plugin: ``pyproject.toml`` and two files. ``pyproject.toml``::

        [build-system]
        requires = ["hatchling"]
        build-backend = "hatchling.build"

        [project]
        name = "tjepa-count"
        version = "0.1.0"
        dependencies = ["tjepa-estimators"]

        [project.entry-points.tjepa]
        count = "tjepa_count"

    ``tjepa_count/__init__.py``::

        from tjepa_estimators.plugins import CommandSpec, hookimpl


        @hookimpl
        def tjepa_commands():
            return [CommandSpec(name="count", target="tjepa_count.verb:run", summary="a domain in, its length out")]

    ``tjepa_count/verb.py``::

        from tjepa_estimators import load_domain


        def run(options):
            (name,) = options
            print(sum(map(len, load_domain(name).series())), "steps")
    """
    raise NotImplementedError
