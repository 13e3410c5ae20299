"""A kind of data for tests: small pictures of numbers, whose tokens are their rows of cells, on a grid of two axes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import torch

from tjepa_estimators.contracts import DomainInfo, Masks, Tokens
from tjepa_estimators.data.stacked import StackedSamples
from tjepa_estimators.errors import ConfigError, DataError
from tjepa_estimators.nn.positions import sinusoidal_positions
from tjepa_estimators.plugins import DomainSpec, MaskerSpec, PresetSpec, TokenizerSpec, catalog, hookimpl

__all__ = ["install", "plugin"]


def install(monkeypatch):
    """Have the plugin found as if it were installed."""
    point = SimpleNamespace(name="grids", value="grids", dist=None, load=lambda: plugin)
    found = catalog.Catalog([point], disabled=())
    monkeypatch.setattr(catalog, "_installed", lambda: found)


class Cells(StackedSamples):
    """Grids of one size, read in an order of its own when they are embedded."""

    def batches(self, batch_size):
        return reversed(torch.arange(len(self)).split(batch_size))


@dataclass(frozen=True)
class GridConfig:
    """Cells of a grid."""

    width: int | None = None

    def fit_to(self, items):
        self.rows(items)
        return replace(self, width=np.asarray(items).shape[-1])

    def samples(self, items):
        return self.rows(items)

    def rows(self, items):
        if np.asarray(items).ndim != 3:
            raise DataError(f"grids need three axes, got {np.asarray(items).ndim}")
        return Cells(items)


class GridTokenizer(torch.nn.Module):
    """One token for each cell."""

    def __init__(self, dim, config):
        super().__init__()
        self.dim = dim
        self.embed = torch.nn.Linear(1, dim)

    def grid(self, raw):
        return tuple(raw.shape[1:])

    def forward(self, raw, context=None):
        axes = torch.meshgrid(*(torch.arange(size, dtype=torch.float32) for size in raw.shape[1:]), indexing="ij")
        positions = torch.stack([axis.flatten() for axis in axes], dim=-1).expand(len(raw), -1, -1)
        values = self.embed(raw.flatten(1).unsqueeze(-1)) + sinusoidal_positions(positions, self.dim)
        return Tokens(values, positions, torch.zeros(values.shape[:2], dtype=torch.bool))


@dataclass(frozen=True)
class HideColumn:
    """Hide one column of a grid."""

    def on(self, grid):
        if len(grid) != 2:
            raise ConfigError(f"a column needs a grid of two axes, got {grid}")
        rows, columns = grid
        if columns < 2:
            raise ConfigError(f"one of two columns or more is hidden, got {grid}")

        def mask(tokens, batch, generator):
            numbers = torch.arange(tokens).reshape(rows, columns)
            hidden = int(torch.randint(columns, (), generator=generator))
            rest = [column for column in range(columns) if column != hidden]
            targets = numbers[:, hidden].expand(batch, 1, -1)
            return Masks(numbers[:, rest].flatten().expand(batch, -1), targets)

        return mask


class Squares:
    """Grids of four by three."""

    info = DomainInfo(
        name="squares", title="Squares", licence="CC0 1.0", source="computed", frequency="", season=1, sha256=""
    )
    preset = "grid-tiny"

    def items(self, split="all"):
        whole = list(np.random.default_rng(0).standard_normal((40, 4, 3)))
        try:
            return {"all": whole, "train": whole[:30], "test": whole[30:]}[split]
        except KeyError:
            raise DataError(f"split {split!r} is unknown; choose all, train or test") from None

    def sample(self):
        return self.items()[:8]


class plugin:  # noqa: N801 - stands for a module
    @staticmethod
    @hookimpl
    def tjepa_tokenizers():
        return [TokenizerSpec(name="grid", target=f"{__name__}:GridTokenizer", config=f"{__name__}:GridConfig")]

    @staticmethod
    @hookimpl
    def tjepa_maskers():
        return [MaskerSpec(name="column", target=f"{__name__}:HideColumn")]

    @staticmethod
    @hookimpl
    def tjepa_presets():
        return [PresetSpec(name="grid-tiny", target="tests.grids_preset:TINY")]

    @staticmethod
    @hookimpl
    def tjepa_domains():
        return [DomainSpec(name="squares", target=f"{__name__}:Squares")]
