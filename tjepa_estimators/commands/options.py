"""Options of a verb: the same settings dataclasses as in Python, from flags and from a file."""

from __future__ import annotations

from argparse import RawDescriptionHelpFormatter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from jsonargparse import ArgumentParser, DefaultHelpFormatter, set_parsing_settings

if TYPE_CHECKING:
    from jsonargparse import Namespace

__all__ = ["add_columns", "add_encoder", "build_parser", "parse"]


def build_parser(verb: str, summary: str, examples: str) -> ArgumentParser:
    """A parser that also reads ``--config FILE`` (yaml or json) and shows examples in its help."""
    set_parsing_settings(docstring_parse_attribute_docstrings=True)
    parser = ArgumentParser(
        prog=f"tjepa {verb}",
        description=summary,
        epilog=f"examples:\n{examples}",
        formatter_class=_Formatter,
        exit_on_error=False,
        allow_abbrev=False,
    )
    parser.add_argument("--config", action="config", help="yaml or json file of these options; flags after it win")
    return parser


def parse(parser: ArgumentParser, options: Sequence[str]) -> Namespace:
    """Read the options and build the settings dataclasses among them; an unknown key is an error."""
    return parser.instantiate(parser.parse_args(list(options)))


def add_columns(parser: ArgumentParser) -> None:
    """Options that say what the columns of a csv file are."""
    parser.add_argument("--time", help="time column; the first one if it holds dates, else rows are steps")
    parser.add_argument("--columns", help="value columns, as in a,b; all numeric ones by default")
    parser.add_argument("--group", help="column that tells several series of the file apart")


def add_encoder(parser: ArgumentParser) -> None:
    """Options that say which encoder reads the series."""
    parser.add_argument(
        "--pretrained", help="folder or hub id of a pretrained encoder; without it one is trained on the file"
    )
    parser.add_argument("--encoder", default="transformer", help="encoder to train, see tjepa plugins")


class _Formatter(DefaultHelpFormatter, RawDescriptionHelpFormatter):  # type: ignore[misc]
    """Shows types and defaults, and leaves the lines of the examples as they are."""
