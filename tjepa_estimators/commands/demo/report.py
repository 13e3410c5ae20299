"""Tables of the demo, and in plain words where JEPA is no better than a control."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from tjepa_estimators.commands.demo.forecasting import CONTROLS, JEPA, METHODS
from tjepa_estimators.commands.demo.protocol import rmsse
from tjepa_estimators.commands.tables import say, show_table

if TYPE_CHECKING:
    from tjepa_estimators.commands.demo.forecasting import Forecasts

__all__ = ["MEAN", "Report", "score_table", "verdict"]

MEAN = "mean"


def score_table(forecasts: Sequence[Forecasts]) -> pd.DataFrame:
    """The score of each method (rows) in each domain (columns), and the mean over domains."""
    scores = {one.case.name: {name: rmsse(one.case, one.points[name]) for name in METHODS} for one in forecasts}
    table = pd.DataFrame(scores).loc[list(METHODS)]
    table[MEAN] = table.mean(axis=1)
    return table


def verdict(scores: pd.DataFrame) -> list[str]:
    """One line per control: in which domains JEPA has a higher error, or that there is none."""
    errors = {name: dict(zip(map(str, scores.columns), row, strict=True)) for name, row in _rows(scores)}
    lines = []
    for control in CONTROLS:
        change = {domain: errors[JEPA][domain] / error - 1 for domain, error in errors[control].items()}
        mean = change.pop(MEAN)
        worse = ", ".join(f"{domain} (+{value:.1%})" for domain, value in change.items() if value > 0)
        where = f"NOT at or below it in {worse}" if worse else "at or below it in every domain"
        lines.append(f"{JEPA} against {control}: {mean:+.1%} on average; {where}.")
    return lines


class Report:
    """Shows results as they come, and writes them: a csv file per table, and one page of markdown.

    Parameters
    ----------
    folder
        Where to write; made if it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._page = ["# Results of `tjepa demo`", ""]
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, name: str, title: str, table: pd.DataFrame, lines: Sequence[str] = ()) -> None:
        """Show a table and what it says; write it to ``name.csv``."""
        columns = [str(column).replace("_", " ") for column in table.columns]  # so that they can be wrapped
        show_table(title, ("method", *columns), ([name, *row] for name, row in _rows(table)), ".3f")
        for line in lines:
            say(line)
        table.to_csv(self.folder / f"{name}.csv", index_label="method", float_format="%.4f")
        cells = [["method", *table.columns], ["---", *("---:" for _ in table.columns)]]
        cells += [[name, *(f"{value:.3f}" for value in row)] for name, row in _rows(table)]
        self._page += [f"## {title}", "", *(f"| {' | '.join(map(str, row))} |" for row in cells), ""]
        self._page += [*(f"- {line}" for line in lines), *([""] if lines else [])]

    def finish(self) -> None:
        """Write the page."""
        (self.folder / "results.md").write_text("\n".join(self._page), encoding="utf-8")


def _rows(table: pd.DataFrame) -> list[tuple[str, list[float]]]:
    return [(str(name), row.tolist()) for name, row in table.iterrows()]
