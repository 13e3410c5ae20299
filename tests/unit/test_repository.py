"""Habits of the repository that a linter does not know."""

from __future__ import annotations

import ast
import inspect
import tomllib
from pathlib import Path

import pytest

import tjepa_estimators
from tjepa_estimators.plugins import builtin, hookspecs

PACKAGE = Path(tjepa_estimators.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
GRAB_BAGS = {"utils", "util", "helpers", "common", "misc"}
HOOKS = [name for name in hookspecs.__all__ if name.startswith("tjepa_")]


def relative(path):
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_module_is_one_idea(path):
    assert path.stem.strip("_") not in GRAB_BAGS, "name it after its idea"
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, "split it"


@pytest.mark.parametrize("path", [path for path in MODULES if path.stat().st_size], ids=relative)
def test_a_module_says_what_it_is_and_what_it_offers(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "start with a docstring of one line"
    names = {target.id for node in tree.body if isinstance(node, ast.Assign) for target in node.targets
             if isinstance(target, ast.Name)}  # fmt: skip
    defines = any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in tree.body)
    assert "__all__" in names or not defines, "list the public names in __all__"


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_takes_nothing_and_documents_a_whole_plugin(name):
    hook = getattr(hookspecs, name)
    assert not inspect.signature(hook).parameters
    for part in ("pyproject.toml", "[project.entry-points.tjepa]", "@hookimpl", f"def {name}():"):
        assert part in hook.__doc__


def test_every_hook_is_used_by_the_built_in_plugins():
    by_plugins_only = {"tjepa_tokenizers"}  # series are cut into patches by settings of their own
    assert {*builtin.__all__} == {*HOOKS} - by_plugins_only


def test_every_bundled_file_has_its_licence_stated():
    samples = PACKAGE / "data" / "samples"
    licences = (samples / "DATA_LICENSES.md").read_text(encoding="utf-8")
    bundled = sorted(samples.glob("*.csv.gz"))
    assert len(bundled) == len([spec for spec in builtin.tjepa_domains() if spec.name != "synthetic"])  # computed
    assert [path.name for path in bundled if f"`{path.name}`" not in licences] == []


def test_the_version_is_the_same_everywhere():
    pyproject = PACKAGE.parent / "pyproject.toml"
    if not pyproject.exists():
        pytest.skip("installed without its repository")
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    assert project["version"] == tjepa_estimators.__version__
