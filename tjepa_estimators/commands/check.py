"""``tjepa check``: whether an encoder, a domain, a masker or a loss term keeps the contract."""

from __future__ import annotations

import inspect
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from textwrap import indent
from typing import TYPE_CHECKING, Any

from tjepa_estimators.commands.tables import say, show_table
from tjepa_estimators.errors import ConfigError
from tjepa_estimators.plugins import list_plugins

if TYPE_CHECKING:
    from tjepa_estimators.testing import Report
    from tjepa_estimators.testing.report import Check

__all__ = ["run"]

_EXAMPLES = """\
examples:
  tjepa check performer                      an encoder, by the name that it is registered under
  tjepa check weather                        a data domain, with the tokenizer that reads it if it holds no series
  tjepa check future                         a masker
  tjepa check my_package.masking:MyMasker    a masker or a loss term: a class or function without arguments
"""


def run(options: Sequence[str]) -> int:
    """Run all checks, show a row for each and advice for those that failed; the exit code is 1 if one did."""
    parser = ArgumentParser(
        "tjepa check",
        description=run.__doc__,
        epilog=_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
        exit_on_error=False,
    )
    parser.add_argument("name", help="registered name of an encoder, a domain or a masker, or package.module:attribute")
    name = parser.parse_args(list(options)).name
    checks, make = _by_target(name) if ":" in name else _by_name(name)
    from tjepa_estimators.testing.report import run_checks

    report = run_checks(checks, make)
    _show(name, report)
    return int(bool(report.failed))


def _by_name(name: str) -> tuple[Sequence[Check], object]:
    """Checks for what is registered under ``name``; an encoder comes before a domain, a domain before a masker."""
    kinds = {row.name: row.kind for row in reversed(list_plugins()) if row.kind in {"encoder", "domain", "masker"}}
    meant = name if name in kinds else next(iter(get_close_matches(name, kinds, n=1)), "")
    if kinds.get(meant) == "domain":
        from tjepa_estimators.testing.domain import RegisteredDomain, domain_checks

        opened = RegisteredDomain(name)
        return domain_checks(opened), opened
    if kinds.get(meant) == "masker":
        from tjepa_estimators.plugins import get_masker
        from tjepa_estimators.testing.masker import MASKER_CHECKS

        return MASKER_CHECKS, get_masker(name).load()
    from tjepa_estimators.testing.encoder import ENCODER_CHECKS, RegisteredEncoder

    return ENCODER_CHECKS, RegisteredEncoder(name)


def _by_target(target: str) -> tuple[Sequence[Check], object]:
    """Checks for what ``package.module:attribute`` makes, told by what it looks like."""
    module, _, attribute = target.partition(":")
    try:
        make = getattr(import_module(module), attribute)
        made = make()
    except (ImportError, AttributeError, TypeError) as error:
        raise ConfigError(
            f"{target!r} cannot be called without arguments to make a masker, a loss term or a domain: {error}. "
            "Give a class or function that is installed; an encoder is checked by its registered name."
        ) from error
    return _checks_for(made, target), make


def _checks_for(made: Any, target: str) -> Sequence[Check]:  # noqa: ANN401 - whatever the author made
    from tjepa_estimators import testing
    from tjepa_estimators.contracts import DataDomain, GridMasker, SampleDomain

    if isinstance(made, DataDomain | SampleDomain):
        return testing.SAMPLE_DOMAIN_CHECKS if isinstance(made, SampleDomain) else testing.DOMAIN_CHECKS
    if isinstance(made, GridMasker):
        return testing.MASKER_CHECKS
    arguments = len(inspect.signature(made).parameters) if callable(made) else 0
    if arguments == 3:
        return testing.MASKER_CHECKS
    if arguments == 1:
        return testing.TERM_CHECKS
    raise ConfigError(
        f"{target!r} makes an object of type {type(made).__name__}: neither a masker (called with tokens, batch and "
        "generator), nor a loss term (called with a JEPAOutput), nor a data domain."
    )


def _show(name: str, report: Report) -> None:
    rows = [(one.check, one.status, one.reason.partition("\n")[0]) for one in report.outcomes]
    show_table(f"Checks of {name}", ("check", "result", "why"), rows)
    for outcome in report.failed:
        say(f"{outcome.check}\n{indent(outcome.advice, '  ')}\n")
    say(report.summary)
