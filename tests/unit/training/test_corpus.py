"""What training reads of several domains, and what is kept from it to measure them on."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tjepa_estimators.data.mixture import MixtureConfig
from tjepa_estimators.jepa.config import JEPAConfig
from tjepa_estimators.settings import as_settings
from tjepa_estimators.training.corpus import build_corpus
from tjepa_estimators.training.domains import as_domains


@pytest.fixture
def jepa(tiny_jepa):
    """Windows of 24 steps and 8 more."""
    return as_settings(JEPAConfig, tiny_jepa)


def steps(count):
    """A series whose values are the numbers of its steps."""
    return np.arange(float(count))


def build(jepa, *, validation=0.25, **lengths):
    data = {name: [steps(count) for count in counts] for name, counts in lengths.items()}
    return build_corpus(as_domains(data), jepa, MixtureConfig(validation=validation))


def read(source):
    return source.gather(torch.arange(len(source)))


def test_one_domain_gives_all_of_its_windows_to_training(jepa):
    corpus = build(jepa, a=[100, 40])
    assert len(corpus.source) == 100 - 31 + 40 - 31
    assert (corpus.shares, corpus.held_out) == ({}, {})


def test_shares_are_those_of_the_windows_that_training_sees(jepa):
    corpus = build(jepa, a=[100], b=[400])
    windows = {name: count - count // 4 - 13 for name, count in (("a", 100), ("b", 400))}  # from 14 steps on
    assert len(corpus.source) == sum(windows.values())
    assert corpus.shares == MixtureConfig().shares(windows)


def test_training_never_sees_the_latest_part(jepa):
    corpus = build(jepa, a=[100], b=[400, 60])
    windows = read(corpus.source)
    assert windows.nan_to_num().max() == 299
    assert windows[: 75 - 13].nan_to_num().max() == 74


def test_the_hidden_future_of_held_out_windows_lies_in_what_training_never_sees(jepa):
    corpus = build(jepa, a=[100], b=[400, 60])
    assert list(corpus.held_out) == ["a", "b"]
    assert read(corpus.held_out["a"])[:, -8:].min() == 75
    long, short = read(corpus.held_out["b"])[:-8, -8:], read(corpus.held_out["b"])[-8:, -8:]
    assert (long.min(), long.max()) == (300, 399)
    assert (short.min(), short.max()) == (45, 59)


def test_held_out_windows_have_their_whole_context(jepa):
    corpus = build(jepa, a=[100], b=[400])
    assert not read(corpus.held_out["a"]).isnan().any()
    assert len(corpus.held_out["a"]) == 25 - 8 + 1


def test_a_part_too_short_for_the_future_is_measured_on_its_end(jepa):
    corpus = build(jepa, validation=0.05, a=[100], b=[100])
    assert read(corpus.held_out["a"])[:, -1].tolist() == [99.0]


@pytest.mark.parametrize("validation", [0.0, 0.1, 0.5, 0.99])
def test_series_of_any_length_keep_something_to_train_on(jepa, validation):
    corpus = build(jepa, validation=validation, a=[1, 2, 5, 33], b=[400])
    assert read(corpus.source).isfinite().any(dim=1).all()
    assert ("b" in corpus.held_out) == (validation > 0.0)


def test_coarser_resolutions_do_not_shorten_what_is_held_out(tiny_jepa):
    jepa = as_settings(JEPAConfig, tiny_jepa | {"resolutions": (1, 4)})
    held_out = read(build(jepa, a=[400], b=[400]).held_out["a"])
    assert held_out.shape[1] == 128
    assert held_out[:, -8:].min() == 300
