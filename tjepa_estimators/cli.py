"""The ``tjepa`` command: finds the verb, runs it, and turns our errors into one line."""

from __future__ import annotations

import sys
from argparse import ArgumentError
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from importlib import import_module

from tjepa_estimators import __version__
from tjepa_estimators.errors import TJEPAError

__all__ = ["VERBS", "main"]

VERBS: Mapping[str, str] = {
    "demo": "pretrain, forecast and detect on the bundled data; tables and plots",
    "pretrain": "csv files or data domains in, a pretrained encoder out",
    "forecast": "csv in, forecasts with quantiles out",
    "detect": "csv in, a score for how abnormal each step is out",
    "embed": "csv in, one vector for each window out",
    "plugins": "the encoders and data domains that are installed",
    "info": "what a pretrained encoder is and where it comes from",
    "check": "whether an encoder, domain, masker or loss term keeps the contract",
}
"""Verbs and what they do; each is a module of ``tjepa_estimators.commands`` with a function ``run``.

``run`` returns the exit code, or None for 0.
"""

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
        return _run(verb, options)
    except (TJEPAError, ArgumentError, ImportError, OSError) as error:
        if "--debug" in (sys.argv if arguments is None else arguments):
            raise
        sys.stderr.write(f"tjepa {verb}: {' '.join(str(error).split())}\n")
        return 2


def _run(verb: str, options: Sequence[str]) -> int:
    if verb not in VERBS:
        hint = "".join(f" Did you mean {match!r}?" for match in get_close_matches(verb, VERBS, n=1))
        raise ArgumentError(None, f"there is no such verb.{hint} Choose one of: {', '.join(VERBS)}.")
    return import_module(f"tjepa_estimators.commands.{verb}").run(options) or 0


def _help() -> str:
    return _HELP.format(verbs="\n".join(f"  {verb:10}{summary}" for verb, summary in VERBS.items()))
