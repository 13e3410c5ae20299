"""Conformance kit: find out whether your encoder, domain, masker, loss term or estimator keeps the contract.

The names are imported on first use, so that the checks need no pytest and the test classes nothing but it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tjepa_estimators.testing.classes import (
        DomainTests,
        EncoderTests,
        EstimatorTests,
        MaskerTests,
        TermTests,
    )
    from tjepa_estimators.testing.domain import DOMAIN_CHECKS, check_domain
    from tjepa_estimators.testing.encoder import ENCODER_CHECKS, check_encoder
    from tjepa_estimators.testing.estimator import ESTIMATOR_CHECKS, check_estimator
    from tjepa_estimators.testing.masker import MASKER_CHECKS, check_masker
    from tjepa_estimators.testing.replay import ReplayServer, Reply, Request
    from tjepa_estimators.testing.report import ConformanceError, Outcome, Report, SkipCheck, run_checks
    from tjepa_estimators.testing.sample_domain import SAMPLE_DOMAIN_CHECKS
    from tjepa_estimators.testing.term import TERM_CHECKS, check_term
    from tjepa_estimators.testing.tokenizer import TOKENIZER_CHECKS, check_tokenizer

__all__ = [
    "DOMAIN_CHECKS",
    "ENCODER_CHECKS",
    "ESTIMATOR_CHECKS",
    "MASKER_CHECKS",
    "SAMPLE_DOMAIN_CHECKS",
    "TERM_CHECKS",
    "TOKENIZER_CHECKS",
    "ConformanceError",
    "DomainTests",
    "EncoderTests",
    "EstimatorTests",
    "MaskerTests",
    "Outcome",
    "ReplayServer",
    "Reply",
    "Report",
    "Request",
    "SkipCheck",
    "TermTests",
    "check_domain",
    "check_encoder",
    "check_estimator",
    "check_masker",
    "check_term",
    "check_tokenizer",
    "run_checks",
]

_MODULES = {
    "classes": ("DomainTests", "EncoderTests", "EstimatorTests", "MaskerTests", "TermTests"),
    "domain": ("DOMAIN_CHECKS", "check_domain"),
    "encoder": ("ENCODER_CHECKS", "check_encoder"),
    "estimator": ("ESTIMATOR_CHECKS", "check_estimator"),
    "masker": ("MASKER_CHECKS", "check_masker"),
    "replay": ("ReplayServer", "Reply", "Request"),
    "report": ("ConformanceError", "Outcome", "Report", "SkipCheck", "run_checks"),
    "sample_domain": ("SAMPLE_DOMAIN_CHECKS",),
    "term": ("TERM_CHECKS", "check_term"),
    "tokenizer": ("TOKENIZER_CHECKS", "check_tokenizer"),
}


def __getattr__(name: str) -> object:
    """Import a public name on first use (PEP 562)."""
    for module, names in _MODULES.items():
        if name in names:
            return _get(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _get(module: str, name: str) -> object:
    try:
        return getattr(import_module(f"{__name__}.{module}"), name)
    except ModuleNotFoundError as error:
        if error.name != "pytest":
            raise
        raise ImportError(f"{name} needs pytest, which is not installed; pip install pytest", name="pytest") from error


def __dir__() -> list[str]:
    """Public names, imported or not."""
    return sorted({*globals(), *__all__})
