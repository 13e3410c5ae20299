"""What the documentation shows runs: code on the pages, commands in the README, the notebooks."""

from __future__ import annotations

import re
import shlex
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import jupytext
import nbformat
import pytest
from nbclient import NotebookClient

from tjepa_estimators.cli import VERBS, main
from tjepa_estimators.plugins import catalog

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
SCRIPTS = sorted((ROOT / "notebooks").glob("*.py"))
MADE = {"_build", "jupyter_execute", "generated", "benchmarks", "decisions"}
FENCE = re.compile(
    r"^(?P<fence>`{3,}|:{3,})(?P<kind>[^\n`]*)\n(?P<options>(?::\w[^\n]*\n)*)(?P<body>.*?)^(?P=fence)\s*$",
    re.MULTILINE | re.DOTALL,
)

if not DOCS.exists():
    pytest.skip("installed without its repository", allow_module_level=True)


@dataclass(frozen=True)
class Block:
    kind: str
    caption: str
    body: str
    line: int


def blocks_of(page):
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            kind=found["kind"].strip(),
            caption="".join(re.findall(r":caption: (.*)", found["options"])),
            body=found["body"],
            line=text.count("\n", 0, found.start("body")) + 1,
        )
        for found in FENCE.finditer(text)
    ]


def runs_python(page):
    return any(block.kind == "python" for block in blocks_of(page))


def relative(page):
    return page.relative_to(ROOT).as_posix()


PAGES = [page for page in sorted(DOCS.rglob("*.md")) if not MADE & set(page.relative_to(DOCS).parts)]
CODE_PAGES = [page for page in [ROOT / "README.md", *PAGES] if runs_python(page)]


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Write the files that a page shows, and make the distribution in them known as if it were installed."""
    before = set(sys.modules)

    def write(files):
        for path, body in files.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(body, encoding="utf-8")
        if "pyproject.toml" in files:
            project = tomllib.loads(files["pyproject.toml"])["project"]
            info = tmp_path / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(f"Name: {project['name']}\nVersion: {project['version']}\n")
            points = [f"{name} = {target}" for name, target in project["entry-points"]["tjepa"].items()]
            (info / "entry_points.txt").write_text("\n".join(["[tjepa]", *points]))
            monkeypatch.syspath_prepend(str(tmp_path))
            catalog.reload()

    yield write
    catalog.reload()
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and str(tmp_path) in str(sys.modules[name].__file__):
            del sys.modules[name]


@pytest.mark.slow
@pytest.mark.parametrize("page", CODE_PAGES, ids=relative)
@pytest.mark.filterwarnings("default")
@pytest.mark.filterwarnings("error::tjepa_estimators.errors.CollapseWarning")
def test_the_code_on_a_page_runs(page, install, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = blocks_of(page)
    install({block.caption: block.body for block in blocks if block.caption})
    namespace = {"__name__": "page"}
    for block in blocks:
        if block.kind == "python":
            at_its_line = "\n" * (block.line - 1) + block.body  # so that a traceback names the line of the page
            exec(compile(at_its_line, str(page), "exec"), namespace)  # noqa: S102 - running it is the test


def commands_of(page):
    """The lines of shell blocks that call our own command, without the name."""
    text = "\n".join(block.body for block in blocks_of(page) if block.kind in {"bash", "sh", "shell", "console"})
    lines = [shlex.split(line.removeprefix("$ "), comments=True) for line in text.replace("\\\n", " ").splitlines()]
    return [words[1:] for words in lines if words and words[0] == "tjepa"]


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_the_commands_of_the_readme_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for command in commands_of(ROOT / "README.md"):
        assert main(command) == 0, f"tjepa {shlex.join(command)}"


def test_the_page_on_the_command_line_names_every_verb():
    page = DOCS / "reference" / "command_line.md"
    assert re.findall(r"^\| `tjepa (\w+)`", page.read_text(encoding="utf-8"), re.MULTILINE) == list(VERBS)
    assert {command[0] for command in commands_of(page)} <= set(VERBS)


def test_the_reference_names_every_public_name():
    import tjepa_estimators

    pages = "\n".join(page.read_text(encoding="utf-8") for page in (DOCS / "reference").glob("*.md"))
    named = set(re.findall(r"^   ([\w.]+)$", pages, re.MULTILINE))
    assert [name for name in tjepa_estimators.__all__ if name not in named] == []


def cells(notebook):
    return [(cell.cell_type, cell.source) for cell in notebook.cells]


@pytest.mark.parametrize("script", SCRIPTS, ids=relative)
def test_a_notebook_is_made_from_its_script(script):
    made = nbformat.read(script.with_suffix(".ipynb"), as_version=4)
    assert cells(made) == cells(jupytext.read(script)), f"run: jupytext --to ipynb {relative(script)}"
    assert not any(cell.get("outputs") for cell in made.cells), "commit it without outputs"


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS, ids=relative)
@pytest.mark.filterwarnings("default")
def test_a_notebook_runs(script, tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook = jupytext.read(script)
    for cell in notebook.cells:
        cell.source = re.sub(r"^STEPS = \d+", "STEPS = 8", cell.source, flags=re.MULTILINE)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert [output.text for output in shown if output.get("name") == "stderr"] == [], "a tutorial shows no warnings"
