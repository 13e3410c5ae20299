"""Whether the hooks of a plugin are light: asked of a fresh interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import metadata
from typing import TYPE_CHECKING

from tjepa_estimators.plugins.catalog import DISABLED_VARIABLE, provider
from tjepa_estimators.plugins.hookspecs import GROUP
from tjepa_estimators.testing.report import expect

if TYPE_CHECKING:
    from tjepa_estimators.plugins.specs import Spec

__all__ = ["expect_light_hooks"]

_LIST = """
import sys
from tjepa_estimators.plugins import list_plugins
list_plugins()
print(*[name for name in ("torch", "numpy", "pandas") if name in sys.modules])
"""


def expect_light_hooks(spec: Spec) -> None:
    """Fail the running check if finding ``spec`` imports a heavy library; plugins of others are left out."""
    distribution, _ = provider(spec)
    others = [point.name for point in metadata.entry_points(group=GROUP) if not _is_from(distribution, point)]
    environment = {**os.environ, DISABLED_VARIABLE: ",".join(others), "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", _LIST]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)  # noqa: S603
    heavy = done.stdout.split()
    expect(not heavy, f"Listing the plugins of {distribution} imports {' and '.join(heavy)}.")


def _is_from(distribution: str, point: metadata.EntryPoint) -> bool:
    return point.dist is not None and point.dist.name == distribution
