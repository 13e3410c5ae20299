"""JEPA pretraining and every wrapper run with every installed encoder."""

from __future__ import annotations

import pytest

from tjepa_estimators import list_plugins
from tjepa_estimators.testing import SkipCheck
from tjepa_estimators.testing.encoder import RegisteredEncoder
from tjepa_estimators.testing.encoder.copies import check_artifact_round_trip
from tjepa_estimators.testing.encoder.wrappers import WRAPPER_CHECKS

LARGE = {"hugging-face"}  # tested beside the library that it needs
ENCODERS = [row.name for row in list_plugins() if (row.kind, row.status) == ("encoder", "ok") and row.name not in LARGE]


def test_there_are_encoders_to_look_at():
    assert "transformer" in ENCODERS


@pytest.mark.slow
@pytest.mark.parametrize("check", [check_artifact_round_trip, *WRAPPER_CHECKS], ids=lambda check: check.__name__)
@pytest.mark.parametrize("encoder", ENCODERS)
def test_pretraining_and_every_wrapper_run_with_every_encoder(encoder, check):
    try:
        check(RegisteredEncoder(encoder))
    except SkipCheck as skip:
        pytest.skip(str(skip))
