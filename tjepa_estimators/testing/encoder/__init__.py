"""What every encoder must keep, so that it works with every data domain, task and wrapper."""

from __future__ import annotations

from collections.abc import Mapping

from tjepa_estimators.testing.encoder.copies import COPY_CHECKS
from tjepa_estimators.testing.encoder.gradients import GRADIENT_CHECKS
from tjepa_estimators.testing.encoder.making import MakeEncoder, RegisteredEncoder
from tjepa_estimators.testing.encoder.outputs import OUTPUT_CHECKS
from tjepa_estimators.testing.encoder.padding import PADDING_CHECKS
from tjepa_estimators.testing.encoder.wrappers import WRAPPER_CHECKS
from tjepa_estimators.testing.report import Check, Report, run_checks

__all__ = ["ENCODER_CHECKS", "RegisteredEncoder", "check_encoder"]

ENCODER_CHECKS: tuple[Check, ...] = (
    *OUTPUT_CHECKS,
    *PADDING_CHECKS,
    *GRADIENT_CHECKS,
    *COPY_CHECKS,
    *WRAPPER_CHECKS,
)
"""All checks of an encoder; each is called as ``check(make)``."""


def check_encoder(encoder: str | MakeEncoder, expected_failures: Mapping[str, str] | None = None) -> Report:
    """Run all checks on an encoder.

    Parameters
    ----------
    encoder
        Its registered name, or a function ``make(dim)`` that returns a fresh encoder; then the checks that need its
        settings or its name are skipped.
    expected_failures
        Names of checks that are known to fail, each with the reason; one that passes is a failure.

    Returns
    -------
    What each check found.

    Raises
    ------
    ConformanceError
        If a check failed; the message says for each how to keep its law.
    PluginError
        If no installed distribution brings the encoder.

    Examples
    --------
    >>> from tjepa_estimators.testing import check_encoder
    >>> check_encoder("mean")  # doctest: +SKIP
    """
    make = RegisteredEncoder(encoder) if isinstance(encoder, str) else encoder
    report = run_checks(ENCODER_CHECKS, make, expected_failures)
    report.raise_for_failures()
    return report
