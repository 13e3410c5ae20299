"""Spans are as long and as many as asked, and lie apart."""

from __future__ import annotations

import pytest
import torch
from tjepa_text.spans import SpanMasker

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.testing import check_masker


def spans_of(row):
    """Lengths of the runs in a row of ascending numbers."""
    breaks = (row.diff() != 1).nonzero().flatten().tolist()
    ends = [*(at + 1 for at in breaks), len(row)]
    return [end - begin for begin, end in zip([0, *ends[:-1]], ends, strict=True)]


@pytest.mark.parametrize("make", [SpanMasker, lambda: SpanMasker(0.95, 1, 2), lambda: SpanMasker(0.3, 8.0, 8.0)])
def test_it_is_a_masker(make):
    assert check_masker(make).summary == "7 passed"


def test_spans_have_three_to_eight_tokens_and_cover_their_share():
    generator, masker = torch.Generator().manual_seed(0), SpanMasker()
    for _ in range(50):
        masks = masker(100, 4, generator)
        assert 13 <= masks.targets.shape[2] <= 15
        assert all(3 <= length <= 8 for row in masks.targets[:, 0] for length in spans_of(row))


def test_every_token_is_hidden_at_times():
    masks = SpanMasker()(20, 2000, torch.Generator().manual_seed(0))
    counts = masks.targets.flatten().bincount(minlength=20) / 2000
    assert counts.min() > 0.03


@pytest.mark.parametrize(
    "setting", [{"share": 0.0}, {"share": 1.0}, {"shortest": 0}, {"shortest": 9}, {"longest": 3.5}]
)
def test_an_impossible_setting_is_refused(setting):
    with pytest.raises(ConfigError, match=r"share|spans"):
        SpanMasker(**setting)
