"""``tjepa check``: a row for each check, advice for each failure, an exit code that scripts can use."""

from __future__ import annotations

import re

import pytest
import torch

from tjepa_estimators.cli import main
from tjepa_estimators.contracts import Masks
from tjepa_estimators.testing import DOMAIN_CHECKS, MASKER_CHECKS, TERM_CHECKS
from tjepa_estimators.testing import encoder as encoder_checks
from tjepa_estimators.testing.encoder.outputs import OUTPUT_CHECKS


@pytest.fixture
def check(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")

    def run(name):
        code = main(["check", name])
        return code, capsys.readouterr()

    return run


def rows(out):
    return dict(re.findall(r"^(check_\w+) +(\w+)", out, re.MULTILINE))


def shows():
    """A masker that shows what it hides."""

    def masker(tokens, batch, generator):
        rows = torch.arange(tokens).repeat(batch, 1)
        return Masks(rows, rows.unsqueeze(1))

    return masker


def nothing():
    return 7


def test_a_row_for_each_check_and_exit_code_0(check):
    code, shown = check("stocks")
    assert code == 0
    assert rows(shown.out) == dict.fromkeys((one.__name__ for one in DOMAIN_CHECKS), "passed")
    assert f"{len(DOMAIN_CHECKS)} passed" in shown.out


def test_an_encoder_is_found_by_its_name(check, monkeypatch):
    monkeypatch.setattr(encoder_checks, "ENCODER_CHECKS", OUTPUT_CHECKS)
    code, shown = check("transformer")
    assert code == 0
    assert rows(shown.out) == dict.fromkeys((one.__name__ for one in OUTPUT_CHECKS), "passed")


@pytest.mark.parametrize(
    ("target", "checks"),
    [
        ("tjepa_estimators.jepa.masking:RandomMasker", MASKER_CHECKS),
        ("tjepa_estimators.jepa.losses:VarianceTerm", TERM_CHECKS),
        ("tjepa_estimators.data.domains:crypto", DOMAIN_CHECKS),
    ],
)
def test_a_class_or_function_is_checked_as_what_it_makes(check, target, checks):
    code, shown = check(target)
    assert code == 0
    assert list(rows(shown.out)) == [one.__name__ for one in checks]


def test_a_failure_gives_exit_code_1_and_advice(check):
    code, shown = check(f"{__name__}:shows")
    assert code == 1
    found = rows(shown.out)
    assert found["check_targets_are_hidden"] == "failed"
    assert found["check_shapes"] == "passed"
    assert "Take the context from what *no* block covers" in shown.out


def test_a_skipped_check_gives_its_reason_and_no_failure(check):
    code, shown = check("ecg")
    assert code == 0
    assert re.search(r"check_test_is_later_than_train +skipped +the series carry no time", shown.out)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("tranformer", "No encoder is named 'tranformer'. Did you mean 'transformer'?"),
        ("wether", "No domain is named 'wether'. Did you mean 'weather'?"),
        ("nothing like it", "No encoder is named 'nothing like it'. Installed:"),
        ("tjepa_estimators.jepa.masking:NoMasker", "no attribute 'NoMasker'"),
        ("no_such_package:Masker", "No module named 'no_such_package'"),
        ("tjepa_estimators.nn.transformer:TransformerEncoder", "an encoder is checked by its registered name"),
        (f"{__name__}:nothing", "makes an object of type int: neither a masker"),
    ],
)
def test_an_unusable_name_is_one_line_and_exit_code_2(check, name, told):
    code, shown = check(name)
    assert code == 2
    assert told in shown.err
    assert shown.err.startswith("tjepa check: ")
    assert len(shown.err.splitlines()) == 1
