"""Plugins that exist for one test."""

from __future__ import annotations

from types import ModuleType

import pytest

from tjepa_estimators.plugins import DomainSpec, EncoderSpec, catalog, hookimpl


class Point:
    """An entry point without a distribution."""

    name, value, dist = "made_up", "made_up", None

    def __init__(self, encoders, domains):
        self.plugin = ModuleType("made_up")
        self.plugin.tjepa_encoders = hookimpl(lambda: encoders)
        self.plugin.tjepa_domains = hookimpl(lambda: domains)

    def load(self):
        return self.plugin


@pytest.fixture
def register(monkeypatch):
    """Make an encoder class with its config, or a domain factory, known under the name ``made_up``."""

    def add(made, config=None):
        target = f"{made.__module__}:{made.__name__}"
        if config is None:
            encoders, domains = [], [DomainSpec(name="made_up", target=target)]
        else:
            encoders = [EncoderSpec(name="made_up", target=target, config=f"{config.__module__}:{config.__name__}")]
            domains = []
        found = catalog.Catalog([Point(encoders, domains)])
        monkeypatch.setattr(catalog, "_installed", lambda: found)
        return "made_up"

    return add


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Write a distribution with one module, and make it known as if it were installed."""

    def write(name, code):
        (tmp_path / f"{name}.py").write_text(code, encoding="utf-8")
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Name: {name}\nVersion: 1.0\n", encoding="utf-8")
        (info / "entry_points.txt").write_text(f"[tjepa]\n{name} = {name}\n", encoding="utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
        catalog.reload()

    yield write
    catalog.reload()
