"""A run reports every check that failed, each with its advice, and takes announced failures seriously."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib import import_module

import pytest

from tjepa_estimators import testing
from tjepa_estimators.errors import ConfigError, TJEPAError
from tjepa_estimators.testing import ConformanceError, SkipCheck, run_checks

MODULES = [
    "domain", "masker", "term", "estimator",
    "encoder.outputs", "encoder.padding", "encoder.gradients", "encoder.copies", "encoder.wrappers",
]  # fmt: skip
REGISTERED = {
    check
    for checks in ("ENCODER_CHECKS", "DOMAIN_CHECKS", "MASKER_CHECKS", "TERM_CHECKS", "ESTIMATOR_CHECKS")
    for check in getattr(testing, checks)
}


def check_passes(make):
    """Nothing to do."""


def check_fails(make):
    """Numbers are even.

    Add one.
    """
    raise AssertionError(f"{make} is odd.")


def check_breaks(make):
    """Nothing breaks."""
    raise ZeroDivisionError("by zero")


def check_is_skipped(make):
    """There is nothing to see."""
    raise SkipCheck("the moon is missing")


CHECKS = (check_fails, check_passes, check_breaks, check_is_skipped)


def test_every_check_is_run_whatever_fails():
    report = run_checks(CHECKS, 3)
    assert [(one.check, one.status) for one in report.outcomes] == [
        ("check_fails", "failed"), ("check_passes", "passed"), ("check_breaks", "failed"),
        ("check_is_skipped", "skipped"),
    ]  # fmt: skip
    assert report.outcomes[-1].reason == "the moon is missing"
    assert report.summary == "2 failed, 1 passed, 1 skipped"


def test_the_error_lists_every_failure_with_its_advice():
    with pytest.raises(ConformanceError) as caught:
        run_checks(CHECKS, 3).raise_for_failures()
    for part in ("check_fails: 3 is odd.", "Add one.", "check_breaks: ZeroDivisionError: by zero", "Nothing breaks."):
        assert part in str(caught.value)
    assert isinstance(caught.value, TJEPAError)
    assert len(caught.value.report.failed) == 2


def test_nothing_is_raised_where_nothing_failed():
    run_checks((check_passes, check_is_skipped), 3).raise_for_failures()


def test_an_announced_failure_is_none_but_an_announced_failure_that_passes_is_one():
    announced = {"check_fails": "three is odd", "check_passes": "wrongly announced"}
    outcomes = {one.check: one for one in run_checks(CHECKS[:2], 3, announced).outcomes}
    assert (outcomes["check_fails"].status, outcomes["check_fails"].reason) == ("expected", "three is odd")
    assert outcomes["check_passes"].status == "failed"
    assert "wrongly announced" in outcomes["check_passes"].reason


def test_an_announced_failure_of_an_unknown_check_is_an_error():
    with pytest.raises(ConfigError, match=r"'check_fail'.*Did you mean 'check_fails'"):
        run_checks(CHECKS, 3, {"check_fail": "misspelt"})


@pytest.mark.parametrize("module", MODULES)
def test_every_check_is_registered_and_says_how_to_mend_a_failure(module):
    members = vars(import_module(f"tjepa_estimators.testing.{module}")).items()
    runners = {"check_domain", "check_masker", "check_term", "check_estimator"}
    checks = [made for name, made in members if name.startswith("check_") and name not in runners]
    assert checks
    assert [check.__name__ for check in checks if check not in REGISTERED] == []
    assert [check.__name__ for check in checks if "\n\n" not in inspect.getdoc(check)] == []


def test_every_public_name_is_there():
    assert set(testing.__all__) <= set(dir(testing))
    assert all(getattr(testing, name) is not None for name in testing.__all__)
    with pytest.raises(AttributeError, match="no attribute 'check_encode'"):
        _ = testing.check_encode


def test_the_checks_need_no_pytest_and_the_classes_say_that_they_do():
    code = (
        "import sys; sys.modules['pytest'] = None; from tjepa_estimators import testing\n"
        "assert 'torch' not in sys.modules\n"
        "assert testing.check_masker and testing.check_term\n"
        "try: testing.EncoderTests\n"
        "except ImportError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "EncoderTests needs pytest, which is not installed; pip install pytest"
