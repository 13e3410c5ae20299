"""``tjepa plugins``: which encoders and data domains are installed."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence

from tjepa_estimators.commands.tables import show_table
from tjepa_estimators.plugins import list_plugins

__all__ = ["run"]


def run(options: Sequence[str]) -> None:
    """Show a row for each encoder, each domain, and each plugin that cannot be used."""
    # argparse itself: this verb has no settings, and answers before heavier libraries could be imported
    parser = ArgumentParser(
        "tjepa plugins", description=run.__doc__, epilog="examples:  tjepa plugins", exit_on_error=False
    )
    parser.parse_args(list(options))
    show_table(
        "Installed plugins",
        ("kind", "name", "what it is", "from", "status"),
        [(row.kind, row.name, row.summary, f"{row.distribution} {row.version}", row.status) for row in list_plugins()],
    )
