"""A small encoder of text, pretrained for a few steps."""

from __future__ import annotations

import pytest

from tjepa_estimators import pretrain

SMALL = {"steps": 3, "batch_size": 16}


@pytest.fixture(scope="session")
def tiny_text():
    """Trained on the first scenes only, so that it takes no time."""
    from tjepa_text.hamlet import Hamlet

    return pretrain(Hamlet().items()[:200], config="text-tiny", train=SMALL)
