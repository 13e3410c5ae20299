"""The test classes: a test for each check, advice with each failure, announced failures taken strictly."""

from __future__ import annotations

import pytest

from tjepa_estimators import JEPAFeatures
from tjepa_estimators.jepa.losses import VarianceTerm
from tjepa_estimators.jepa.masking import RandomMasker
from tjepa_estimators.testing import (
    ESTIMATOR_CHECKS,
    MASKER_CHECKS,
    DomainTests,
    EncoderTests,
    EstimatorTests,
    MaskerTests,
    TermTests,
)
from tjepa_estimators.testing.encoder.padding import PADDING_CHECKS

pytest_plugins = ["pytester"]


class TestAMasker(MaskerTests):
    def make(self):
        return RandomMasker()


class TestATerm(TermTests):
    def make(self):
        return VarianceTerm()


class TestADomain(DomainTests):
    domain = "stocks"


class TestAnEncoderByItsName(EncoderTests):
    encoder = "transformer"
    settings = {"depth": 1}  # noqa: RUF012 - as authors write it
    checks = PADDING_CHECKS


class TestAnEncoderFromAFunction(EncoderTests):
    checks = PADDING_CHECKS

    def make(self, dim):
        from tjepa_estimators.nn.transformer import TransformerConfig, TransformerEncoder

        return TransformerEncoder(dim, TransformerConfig(depth=1))


class TestAnEstimator(EstimatorTests):
    checks = ESTIMATOR_CHECKS[:-1]

    def make(self):
        return JEPAFeatures()


def test_settings_reach_the_encoder():
    assert len(TestAnEncoderByItsName().subject()(8).blocks) == 1


@pytest.mark.parametrize("tests", [DomainTests, EncoderTests, EstimatorTests, MaskerTests, TermTests])
def test_a_class_that_makes_nothing_says_what_to_define(tests):
    subclass = type("TestNothing", (tests,), {})
    with pytest.raises(NotImplementedError, match=r"TestNothing must .*define make"):
        subclass().subject()(*([8] if tests is EncoderTests else []))


BROKEN = """
import torch
from tjepa_estimators.contracts import Masks
from tjepa_estimators.testing import MaskerTests


class Shows:
    '''Takes a single token, and shows what it hides.'''

    def __call__(self, tokens, batch, generator):
        rows = torch.arange(tokens).repeat(batch, 1)
        return Masks(rows, rows.unsqueeze(1))


class TestShows(MaskerTests):
    expected_failures = {expected}

    def make(self):
        return Shows()
"""


@pytest.fixture
def run(pytester):
    def with_expected(expected):
        pytester.makepyfile(BROKEN.replace("{expected}", repr(expected)))
        return pytester.runpytest_inprocess("-p", "no:randomly", "-p", "no:cacheprovider")

    return with_expected


def test_each_check_is_a_test_and_a_failure_shows_its_advice(run):
    result = run({})
    result.assert_outcomes(passed=len(MASKER_CHECKS) - 2, failed=2)
    result.stdout.fnmatch_lines(
        ["*TestShows.test_it_conforms?targets_are_hidden?*", "*a token to predict is visible*", "*no* block covers*"]
    )


def test_announced_failures_are_expected(run):
    expected = {"check_targets_are_hidden": "a demonstration", "check_too_few_tokens_are_refused": "another"}
    run(expected).assert_outcomes(passed=len(MASKER_CHECKS) - 2, xfailed=2)


def test_an_announced_failure_that_passes_fails(run):
    expected = {"check_targets_are_hidden": "a demonstration", "check_shapes": "wrongly announced"}
    result = run(expected)
    result.assert_outcomes(passed=len(MASKER_CHECKS) - 3, failed=2, xfailed=1)
    result.stdout.fnmatch_lines(["*XPASS(strict)*wrongly announced*"])


def test_an_announced_failure_of_an_unknown_check_is_an_error(run):
    result = run({"check_shape": "misspelt"})
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*'check_shape', but there is no such check. Did you mean 'check_shapes'*"])


def test_checks_that_cannot_be_made_are_skipped_with_a_reason(pytester):
    pytester.makepyfile(
        """
        import torch
        from tjepa_estimators.testing import EncoderTests
        from tjepa_estimators.testing.encoder.copies import COPY_CHECKS

        class TestIdentity(EncoderTests):
            checks = COPY_CHECKS

            def make(self, dim):
                return torch.nn.Linear(dim, dim)
        """
    )
    result = pytester.runpytest_inprocess("-p", "no:randomly", "-p", "no:cacheprovider", "-rs")
    result.assert_outcomes(passed=2, skipped=3)
    result.stdout.fnmatch_lines(["*needs a registered encoder*"])
