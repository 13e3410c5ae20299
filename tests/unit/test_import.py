"""Importing the package is cheap, and its public names come when they are asked for."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import tjepa_estimators

HEAVY = ("torch", "numpy", "pandas", "sklearn", "sktime", "darts", "pyod", "pytorch_lightning", "lightning")


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={}).stdout


def test_importing_the_package_loads_nothing_heavy():
    assert run(f"import sys, tjepa_estimators; print([m for m in {HEAVY} if m in sys.modules])").strip() == "[]"


def test_looking_at_the_names_loads_nothing_heavy():
    out = run(f"import sys, tjepa_estimators as t; dir(t); print([m for m in {HEAVY} if m in sys.modules])")
    assert out.strip() == "[]"


@pytest.mark.parametrize("name", tjepa_estimators.__all__)
def test_a_public_name_is_what_its_module_defines(name):
    module, attribute = tjepa_estimators._TARGETS[name].split(":")
    assert getattr(tjepa_estimators, name) is getattr(import_module(module), attribute)
    assert getattr(tjepa_estimators, name).__doc__


def test_every_public_name_is_listed():
    assert set(tjepa_estimators.__all__) == set(tjepa_estimators._TARGETS)
    assert set(tjepa_estimators.__all__) <= set(dir(tjepa_estimators))


def test_type_checkers_see_the_names_where_they_are_imported_from():
    tree = ast.parse(Path(tjepa_estimators.__file__).read_text(encoding="utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {alias.name: f"{node.module}:{alias.name}" for node in block.body for alias in node.names}
    assert seen == tjepa_estimators._TARGETS


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'JEPAForcaster'"):
        _ = tjepa_estimators.JEPAForcaster


@pytest.mark.parametrize(
    ("name", "missing", "extra"), [("JEPAForecaster", "sktime", "sktime"), ("JEPAModel", "darts", "darts")]
)
def test_a_missing_library_says_what_to_install(name, missing, extra, monkeypatch):
    monkeypatch.delitem(vars(tjepa_estimators), name, raising=False)

    def import_nothing(module):
        message = f"No module named '{missing}'"
        raise ModuleNotFoundError(message, name=f"{missing}.forecasting")

    monkeypatch.setattr(tjepa_estimators, "import_module", import_nothing)
    with pytest.raises(ImportError, match=rf'{name} needs .*pip install "tjepa-estimators\[{extra}\]"'):
        getattr(tjepa_estimators, name)


def test_another_missing_module_is_not_blamed_on_an_extra(monkeypatch):
    monkeypatch.delitem(vars(tjepa_estimators), "Series", raising=False)
    monkeypatch.setitem(tjepa_estimators._TARGETS, "Series", "tjepa_estimators.no_such_module:Series")
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        _ = tjepa_estimators.Series


def test_bundled_domains_need_none_of_what_fetches_data():
    code = "import sys; from tjepa_estimators import load_domain; load_domain('weather').series()"
    asked = f"{code}; print([m for m in ('requests', 'tenacity', 'tjepa_estimators.data.remote') if m in sys.modules])"
    assert run(asked).strip() == "[]"


def test_frames_of_ones_own_need_no_http():
    code = "import sys, tjepa_estimators.data.remote.frames"
    assert run(f"{code}; print([m for m in ('requests', 'tenacity') if m in sys.modules])").strip() == "[]"
