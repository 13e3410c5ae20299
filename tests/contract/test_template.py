"""Whoever starts from ``plugins/_template`` starts from a project that installs and passes its own tests."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tjepa_estimators.plugins.specs import _NAME

TEMPLATE = Path(__file__).parents[2] / "plugins" / "_template"
KINDS = ["encoder", "domain", "masker", "term"]

if not TEMPLATE.exists():
    pytest.skip("installed without its repository", allow_module_level=True)
copier = pytest.importorskip("copier")


def render(kind, folder, **answers):
    """What ``copier copy`` makes of the template; questions that are not answered get their default."""
    copier.run_copy(str(TEMPLATE), folder, data={"kind": kind, **answers}, defaults=True, quiet=True)
    return folder


def run(command, folder, target):
    environment = {**os.environ, "PYTHONPATH": str(target), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", *command], env=environment, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def install(source, target):
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check", "--quiet"]
    run(["pip", "install", *options, "--target", str(target), str(source)], source, target)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_new_project_installs_and_passes_its_own_tests(kind, tmp_path):
    source, target = render(kind, tmp_path / "source"), tmp_path / "installed"
    install(source, target)
    (package,) = source.glob("tjepa_*")
    shutil.rmtree(package)  # so that the tests see what was installed
    summary = run(["pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider"], source, target).splitlines()[-1]
    assert "passed" in summary
    assert "failed" not in summary


@pytest.mark.parametrize("kind", KINDS)
def test_awkward_but_legal_answers_give_valid_files(kind, tmp_path):
    answers = {"name": "my-2nd_mix", "distribution": "Acme.tjepa-mix", "author": 'Ann "Q" O\'Neil, Åbo'}
    source = render(kind, tmp_path / "source", **answers)
    texts = {path.relative_to(source).as_posix(): path.read_text("utf-8") for path in source.rglob("*.*")}
    assert {"README.md", "acme_tjepa_mix/__init__.py", f"acme_tjepa_mix/{kind}.py", f"tests/test_{kind}.py"} < set(
        texts
    )
    for path, text in texts.items():
        assert "{{" not in text.replace("{{}}", ""), path
        if path.endswith(".py"):
            ast.parse(text, path)
    assert "class My2NdMix" in texts[f"acme_tjepa_mix/{kind}.py"]
    project = tomllib.loads(texts["pyproject.toml"])["project"]
    assert (project["name"], project["authors"]) == ("Acme.tjepa-mix", [{"name": answers["author"]}])
    points = {"my-2nd_mix": "acme_tjepa_mix"} if kind in {"encoder", "domain"} else None
    assert project.get("entry-points", {}).get("tjepa") == points


@pytest.mark.parametrize("name", ["Gated", "2nd", "my mix", ""])
def test_a_name_that_the_catalog_would_refuse_is_refused_before_anything_is_written(name, tmp_path):
    assert not _NAME.fullmatch(name)
    with pytest.raises(ValueError, match="lower-case"):
        render("encoder", tmp_path / "source", name=name)
    assert not (tmp_path / "source").exists()


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_of_the_template_holds_nothing_that_is_not_rendered_on_purpose(kind):
    plain = {path.name for path in (TEMPLATE / kind).rglob("*") if path.is_file() and path.suffix != ".jinja"}
    assert plain == {".gitignore"}


def test_the_how_to_shows_the_files_that_the_template_writes(tmp_path):
    page = (TEMPLATE.parents[1] / "docs" / "how-to" / "encoder_plugin.md").read_text(encoding="utf-8")
    shown = dict(re.findall(r"^:caption: (\S+)\n\n(.*?)^:::$", page, re.MULTILINE | re.DOTALL))
    source = render("encoder", tmp_path / "source")
    written = {path: (source / path).read_text(encoding="utf-8") for path in shown}
    assert set(shown) == {
        "pyproject.toml",
        "tjepa_gated/__init__.py",
        "tjepa_gated/encoder.py",
        "tests/test_encoder.py",
    }
    project, whole = (tomllib.loads(text.pop("pyproject.toml"))["project"] for text in (shown, written))
    assert project.items() <= whole.items()
    assert shown == written
