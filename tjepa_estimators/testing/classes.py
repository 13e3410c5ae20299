"""Test classes to subclass: pytest runs each check as a test of its own."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from tjepa_estimators.testing.domain import DOMAIN_CHECKS, RegisteredDomain
from tjepa_estimators.testing.encoder import ENCODER_CHECKS, RegisteredEncoder
from tjepa_estimators.testing.estimator import ESTIMATOR_CHECKS, EstimatorMaker
from tjepa_estimators.testing.masker import MASKER_CHECKS
from tjepa_estimators.testing.report import Check, SkipCheck, refuse_unknown
from tjepa_estimators.testing.term import TERM_CHECKS

if TYPE_CHECKING:
    from torch import nn

    from tjepa_estimators.contracts import DataDomain, Masker, Term

__all__ = ["DomainTests", "EncoderTests", "EstimatorTests", "MaskerTests", "TermTests"]


class _Tests:
    """One test for each check; a failure shows the advice of the check."""

    checks: ClassVar[Sequence[Check]]
    """The checks to run."""
    expected_failures: ClassVar[Mapping[str, str]] = {}
    """Names of checks that are known to fail, each with the reason; one that passes fails the test."""

    def subject(self) -> Any:  # noqa: ANN401 - what the checks take
        """What is handed to the checks."""
        return getattr(self, "make")  # noqa: B009 - each class says what it makes

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Make a test of each check."""
        if "check" not in metafunc.fixturenames:
            return
        refuse_unknown(self.checks, self.expected_failures)
        metafunc.parametrize("check", [self._parameter(check) for check in self.checks])

    def _parameter(self, check: Check) -> Any:  # noqa: ANN401 - pytest does not export its type
        name = check.__name__
        reason = self.expected_failures.get(name)
        marks = () if reason is None else (pytest.mark.xfail(reason=reason, strict=True),)
        return pytest.param(check, id=name.removeprefix("check_"), marks=marks)

    def test_it_conforms(self, check: Check) -> None:
        """Run one check."""
        try:
            check(self.subject())
        except SkipCheck as skip:
            pytest.skip(str(skip))
        except Exception as error:
            error.add_note(inspect.getdoc(check) or "")
            raise


class EncoderTests(_Tests):
    """Checks of an encoder: name a registered one, or define ``make``.

    Examples
    --------
    >>> class TestMean(EncoderTests):
    ...     encoder = "mean"
    ...     expected_failures = {"check_bfloat16_is_finite": "its sums overflow"}
    """

    checks = ENCODER_CHECKS
    encoder: ClassVar[str] = ""
    """The registered name."""
    settings: ClassVar[Mapping[str, Any]] = {}
    """Settings to check it with; the rest are its defaults."""

    def make(self, dim: int) -> nn.Module:
        """A fresh encoder, where none is named; checks that need its settings or its name are then skipped."""
        raise NotImplementedError(f"{type(self).__name__} must name an encoder or define make(self, dim).")

    def subject(self) -> Any:  # noqa: ANN401 - a function that makes encoders
        """What makes encoders for the checks."""
        return RegisteredEncoder(self.encoder, self.settings) if self.encoder else self.make


class DomainTests(_Tests):
    """Checks of a data domain: name a registered one, or define ``make``.

    Examples
    --------
    >>> class TestTides(DomainTests):
    ...     domain = "tides"
    """

    checks = DOMAIN_CHECKS
    domain: ClassVar[str] = ""
    """The registered name."""

    def make(self) -> DataDomain:
        """The domain, where none is named."""
        raise NotImplementedError(f"{type(self).__name__} must name a domain or define make(self).")

    def subject(self) -> Any:  # noqa: ANN401 - a function that opens the domain
        """What opens the domain for the checks."""
        return RegisteredDomain(self.domain) if self.domain else self.make


class MaskerTests(_Tests):
    """Checks of a masker: define ``make``.

    Examples
    --------
    >>> from tjepa_estimators.jepa.masking import RandomMasker
    >>> class TestHalf(MaskerTests):
    ...     def make(self):
    ...         return RandomMasker(ratio=0.5)
    """

    checks = MASKER_CHECKS

    def make(self) -> Masker:
        """The masker."""
        raise NotImplementedError(f"{type(self).__name__} must define make(self).")


class TermTests(_Tests):
    """Checks of a loss term: define ``make``.

    Examples
    --------
    >>> from tjepa_estimators.jepa.losses import VarianceTerm
    >>> class TestSpread(TermTests):
    ...     def make(self):
    ...         return VarianceTerm()
    """

    checks = TERM_CHECKS

    def make(self) -> Term:
        """The term."""
        raise NotImplementedError(f"{type(self).__name__} must define make(self).")


class EstimatorTests(_Tests):
    """Checks of an estimator: define ``make``.

    Examples
    --------
    >>> from tjepa_estimators import JEPAFeatures
    >>> class TestFeatures(EstimatorTests):
    ...     def make(self):
    ...         return JEPAFeatures(train={"steps": 1})
    """

    checks = ESTIMATOR_CHECKS
    library_failures: ClassVar[Mapping[str, str]] = {}
    """Checks of the library's own suite that are known to fail, each with the reason."""

    def make(self) -> Any:  # noqa: ANN401 - an estimator of any library
        """The unfitted estimator."""
        raise NotImplementedError(f"{type(self).__name__} must define make(self).")

    def subject(self) -> Any:  # noqa: ANN401 - a function that makes estimators
        """What makes estimators for the checks."""
        return EstimatorMaker(self.make(), self.library_failures)
