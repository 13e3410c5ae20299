"""The ``tjepa`` command: finds the verb, runs it, and turns our errors into one line."""

from __future__ import annotations

import sys
from argparse import ArgumentError
from collections.abc import Mapping, Sequence

from tjepa_estimators import __version__
from tjepa_estimators.errors import TJEPAError
from tjepa_estimators.plugins import get_command, list_plugins
from tjepa_estimators.plugins.builtin import tjepa_commands

__all__ = ["VERBS", "main"]

VERBS: Mapping[str, str] = {spec.name: spec.summary for spec in tjepa_commands()}
"""Verbs that are always there, and what they do; plugins may add others, through the same hook."""

_HELP = """\
usage: tjepa VERB [OPTIONS]      tjepa VERB --help shows the options of a verb

Pretrain an encoder once on unlabelled series; then forecast, detect anomalies and embed with it.

verbs:
{verbs}

options:
  --help, -h  show this text
  --version   show the version
  --debug     show the whole traceback of an error

examples:
  tjepa demo
  tjepa pretrain sales.csv --domains ecommerce,webtraffic --output encoder
  tjepa forecast sales.csv --pretrained encoder --horizon 28 --output forecast.csv --plot forecast.png
  tjepa detect sensor.csv --contamination 0.01 --output scores.csv --plot scores.png
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb.

    Parameters
    ----------
    arguments
        The verb and its options; those of the process if None.

    Returns
    -------
    0, or 2 after an error that was explained in one line on the standard error stream; ``check`` gives 1 where a
    check failed.

    Examples
    --------
    >>> main(["--version"])
    tjepa 0.1.0
    0
    """
    verb, *options = [given for given in (sys.argv[1:] if arguments is None else arguments) if given != "--debug"] or [
        "--help"
    ]
    if verb in {"--help", "-h", "--version"}:
        sys.stdout.write(f"tjepa {__version__}\n" if verb == "--version" else _help())
        return 0
    try:
        return get_command(verb).load()(options) or 0
    except (TJEPAError, ArgumentError, ImportError, OSError) as error:
        if "--debug" in (sys.argv if arguments is None else arguments):
            raise
        sys.stderr.write(f"tjepa {verb}: {' '.join(str(error).split())}\n")
        return 2


def _help() -> str:
    verbs = {row.name: row.summary for row in list_plugins() if row.kind == "command"}
    return _HELP.format(verbs="\n".join(f"  {verb:11} {summary}" for verb, summary in verbs.items()))
