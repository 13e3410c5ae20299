"""The result pages: a generated part that each run replaces, and a hand-written reading that it keeps."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Report", "Table", "arguments", "data_folder", "publish", "spread"]

_BEGIN, _END = "<!-- generated: begin -->", "<!-- generated: end -->"
_READING = "## Reading\n\nNot written yet.\n"


@dataclass(frozen=True)
class Table:
    """Rows of text under a header."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""

    def markdown(self) -> str:
        """The table in markdown; the first column is left-aligned."""
        lines = [self.header, ["---", *["--:"] * (len(self.header) - 1)], *self.rows]
        text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return f"{self.caption}\n\n{text}" if self.caption else text


@dataclass(frozen=True)
class Report:
    """What a benchmark found, and what is needed to judge and repeat it."""

    title: str
    compared: str
    """What is compared with what, and the controls."""
    tables: Sequence[Table]
    seeds: str = "0"
    notes: Sequence[str] = ()
    packages: Sequence[str] = field(default=("torch", "numpy", "sktime", "darts"))
    device: str = "1 thread, no GPU"

    def markdown(self, command: str) -> str:
        """The generated part of the page."""
        versions = ", ".join(f"{name} {_version(name)}" for name in self.packages)
        facts = [
            f"- Command: `{command}`",
            f"- Seeds: {self.seeds}",
            f"- Versions: Python {platform.python_version()}, {versions}",
            f"- Machine: {platform.machine()}, {os.cpu_count()} cores shared with other work, {self.device}",
            *(f"- {note}" for note in self.notes),
        ]
        return "\n\n".join([self.compared, "\n".join(facts), *(table.markdown() for table in self.tables)])


def arguments(module: str, text: str | None) -> argparse.ArgumentParser:
    """The options that every benchmark has."""
    name = "benchmarks." + Path(module).stem
    parser = argparse.ArgumentParser(prog=f"python -m {name}", description=text)
    parser.add_argument("--data-dir", type=Path, help="folder with the public data; default: TJEPA_DATA_DIR")
    parser.add_argument("--output", type=Path, help="markdown page to write; without it the result is only printed")
    return parser


def data_folder(options: argparse.Namespace) -> Path:
    """The folder with the data, from the option or the environment."""
    given = options.data_dir or os.environ.get("TJEPA_DATA_DIR")
    if given is None:
        sys.exit("This benchmark reads public data: pass --data-dir PATH or set TJEPA_DATA_DIR.")
    return Path(given)


def publish(report: Report, options: argparse.Namespace, command: str) -> None:
    """Print a report, and write it to the page where one was asked for."""
    text = report.markdown(command)
    print(f"# {report.title}\n\n{text}")
    if options.output is None:
        return
    page = options.output
    before, after = f"# {report.title}\n\n", f"\n\n{_READING}"
    if page.exists():
        old = page.read_text()
        before, after = old.split(_BEGIN)[0], old.split(_END)[1]
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(f"{before}{_BEGIN}\n\n{text}\n\n{_END}{after}")


def spread(values: pd.Series, digits: int = 3) -> str:
    """Mean ± deviation of the numbers there are: without the deviation for one, a dash for none.

    Examples
    --------
    >>> import pandas as pd
    >>> spread(pd.Series([0.5, 0.7])), spread(pd.Series([0.5])), spread(pd.Series([float("nan")]))
    ('0.600 ± 0.141', '0.500', '-')
    """
    known = values.astype(float).dropna()
    if known.empty:
        return "-"
    return f"{known.mean():.{digits}f}" + (f" ± {known.std():.{digits}f}" if len(known) > 1 else "")


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
