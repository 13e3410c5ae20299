"""Run checks and collect what they found, with the advice that each failed check gives."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, TypeAlias

from tjepa_estimators.errors import ConfigError, TJEPAError

__all__ = ["Check", "ConformanceError", "Outcome", "Report", "SkipCheck", "expect", "refuse_unknown", "run_checks"]

Check: TypeAlias = Callable[[Any], None]
"""Takes what makes the thing under test; raises where a law is broken. Its docstring says how to mend that."""


class ConformanceError(TJEPAError, AssertionError):
    """Checks failed; the message lists each with its advice, and ``report`` holds all outcomes."""

    def __init__(self, report: Report) -> None:
        super().__init__(str(report))
        self.report = report


class SkipCheck(Exception):  # noqa: N818 - no error: the check has nothing to look at
    """A check cannot be made here; the message says why."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one check found."""

    check: str
    status: str
    """``"passed"``, ``"failed"``, ``"skipped"`` or ``"expected"`` (a failure that was announced)."""
    reason: str = ""
    """The error, or why the check was skipped or expected to fail."""
    advice: str = ""
    """The law and how to keep it: the docstring of the check."""


@dataclass(frozen=True, slots=True)
class Report:
    """The outcomes of a run, in the order of the checks."""

    outcomes: tuple[Outcome, ...]

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """The checks that failed."""
        return tuple(outcome for outcome in self.outcomes if outcome.status == "failed")

    @property
    def summary(self) -> str:
        """How many checks ended in which way."""
        return ", ".join(f"{count} {status}" for status, count in Counter(one.status for one in self.outcomes).items())

    def raise_for_failures(self) -> None:
        """Raise :class:`ConformanceError` if a check failed."""
        if self.failed:
            raise ConformanceError(self)

    def __str__(self) -> str:
        return "\n\n".join([self.summary, *(f"{one.check}: {one.reason}\n{one.advice}" for one in self.failed)])


def expect(fact: bool, message: str) -> None:
    """Fail the running check with ``message`` unless ``fact`` holds."""
    if not fact:
        raise AssertionError(message)


def refuse_unknown(checks: Iterable[Check], expected_failures: Mapping[str, str]) -> None:
    """Raise :class:`ConfigError` if a failure is announced for a check that does not exist."""
    names = [check.__name__ for check in checks]
    for name in expected_failures:
        if name not in names:
            hint = "".join(f" Did you mean {match!r}?" for match in get_close_matches(name, names, n=1))
            raise ConfigError(f"expected_failures names {name!r}, but there is no such check.{hint}")


def run_checks(checks: Sequence[Check], make: object, expected_failures: Mapping[str, str] | None = None) -> Report:
    """Run all checks, whatever fails.

    Parameters
    ----------
    checks
        Such as :data:`~tjepa_estimators.testing.ENCODER_CHECKS`.
    make
        Makes the thing under test; each check calls it anew.
    expected_failures
        Names of checks that are known to fail, each with the reason; one that passes is a failure.

    Raises
    ------
    ConfigError
        If ``expected_failures`` names a check that does not exist.
    """
    expected = expected_failures or {}
    refuse_unknown(checks, expected)
    return Report(tuple(_run(check, make, expected.get(check.__name__)) for check in checks))


def _run(check: Check, make: object, expected: str | None) -> Outcome:
    name, advice = check.__name__, inspect.getdoc(check) or ""
    try:
        check(make)
    except SkipCheck as skip:
        return Outcome(name, "skipped", str(skip))
    except Exception as error:  # noqa: BLE001 - whatever breaks is what the report is for
        if expected is not None:
            return Outcome(name, "expected", expected)
        reason = str(error) if isinstance(error, AssertionError) else f"{type(error).__name__}: {error}"
        return Outcome(name, "failed", reason, advice)
    if expected is not None:
        return Outcome(name, "failed", f"passed, but was expected to fail: {expected}", "Take it off the list.")
    return Outcome(name, "passed")
