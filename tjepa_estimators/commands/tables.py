"""What a verb shows on the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

__all__ = ["say", "show_table"]


def say(text: str) -> None:
    """Show one line."""
    Console(highlight=False).print(escape(text), soft_wrap=True)


def show_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], number: str = ".4g") -> None:
    """Show a table under its title; numbers are formatted by ``number`` and stand on the right."""
    cells = list(rows)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
    for position, column in enumerate(columns):
        is_number = bool(cells) and all(isinstance(row[position], int | float | None) for row in cells)
        table.add_column(column, justify="right" if is_number else "left", overflow="fold")
    for row in cells:
        table.add_row(*(_text(cell, number) for cell in row))
    console = Console(highlight=False)
    console.print(escape(title), style="bold", soft_wrap=True)
    console.print(table, "")


def _text(cell: object, number: str) -> str:
    if cell is None:
        return "-"
    return f"{cell:{number}}" if isinstance(cell, float) else escape(str(cell).removesuffix(" 00:00:00"))
