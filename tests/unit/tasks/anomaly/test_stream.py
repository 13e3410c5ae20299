"""A stream gives what the definition gives, in whatever pieces it comes, and forgets what it needs no more."""

from __future__ import annotations

import pickle
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tjepa_estimators.tasks.anomaly.grid import cut_windows, window_ends
from tjepa_estimators.tasks.anomaly.resolutions import at_resolution
from tjepa_estimators.tasks.anomaly.stream import PartsStream, ViewStream


def as_it_is(windows):
    return windows


def evidence(windows, ends):
    """Two numbers for each window that depend on the place of each step in it; NaN where nothing is observed."""
    weights = np.arange(1.0, 1.0 + windows.shape[1])[:, None]
    known = ~np.isnan(windows).all(axis=(1, 2))
    filled = np.nan_to_num(windows)
    both = np.stack([(filled * weights).sum(axis=(1, 2)), (filled**2).max(axis=(1, 2))])
    return np.where(known, both, np.nan)


def view_of(factor, window, stride, fewest=None, more=0):
    span = min(window, stride + more)
    fewest = min(fewest or window, window)
    return SimpleNamespace(factor=factor, window=window, stride=stride, span=span, fewest=fewest, reader=as_it_is)


def by_definition(view, values, *, lookahead):
    """The mean over windows whose span holds a block, or the first that ends after it, for each step of the block.

    The first window speaks for all that it holds.
    """
    blocks = at_resolution(values, view.factor)
    found = np.full((2, len(blocks)), np.nan)
    if len(blocks) >= view.fewest:
        ends = window_ends(len(blocks), view.window, view.stride)
        judged = evidence(cut_windows(blocks, ends, view.window), ends)
        for block in range(len(blocks)):
            holding = np.flatnonzero((ends > block) & ((ends - view.span <= block) | (ends == ends[0])))
            holding = holding if lookahead else np.flatnonzero(ends > block)[:1]
            heard = judged[:, holding][:, ~np.isnan(judged[0, holding])]
            if heard.size:
                found[:, block] = heard.mean(axis=1)
    return np.stack([np.repeat(row, view.factor)[: len(values)] for row in found])


def series(length, seed, gaps):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((length, 2))
    for begin in rng.integers(0, length, size=gaps):
        values[begin : begin + int(rng.integers(1, 40))] = np.nan
    return values


def in_pieces(stream, values, sizes):
    """Scores as they come, and how many steps had come by then."""
    low, given, come = 0, [], []
    for size in sizes:
        given.append(stream.update(values[low : low + size]))
        low = min(len(values), low + size)
        come.append((low, sum(one.shape[1] for one in given)))
    given.append(stream.update(values[low:], is_last=True))
    return np.concatenate(given, axis=1), come


VIEWS = st.lists(
    st.builds(
        view_of,
        st.integers(1, 7),
        st.integers(1, 12),
        st.integers(1, 12),
        st.none() | st.integers(1, 12),
        st.integers(0, 12),
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=300, deadline=None)
@given(
    views=VIEWS,
    length=st.integers(1, 150),
    sizes=st.lists(st.integers(0, 60), max_size=12),
    gaps=st.integers(0, 3),
    seed=st.integers(0, 999),
    lookahead=st.booleans(),
)
def test_a_stream_in_any_pieces_gives_what_the_definition_gives(views, length, sizes, gaps, seed, lookahead):
    values = series(length, seed, gaps)
    stream = PartsStream([ViewStream(view, evidence, 2, lookahead=lookahead) for view in views])
    scores, come = in_pieces(stream, values, sizes)
    expected = np.concatenate([by_definition(view, values, lookahead=lookahead) for view in views])
    np.testing.assert_allclose(scores, expected, rtol=1e-9, atol=1e-9)
    assert scores.shape == (2 * len(views), length)  # each step once
    assert all(final <= known for known, final in come)


@settings(max_examples=50, deadline=None)
@given(views=VIEWS, length=st.integers(1, 80), several=st.integers(1, 5), lookahead=st.booleans())
def test_series_side_by_side_are_scored_as_each_is_alone(views, length, several, lookahead):
    values = [series(length, seed, 1) for seed in range(several)]
    together = PartsStream([ViewStream(view, evidence, 2, lookahead=lookahead, series=several) for view in views])
    scores = together.update(np.concatenate(values, axis=1), is_last=True).reshape(-1, several, length)
    for number, one in enumerate(values):
        alone = PartsStream([ViewStream(view, evidence, 2, lookahead=lookahead) for view in views])
        np.testing.assert_allclose(scores[:, number], alone.update(one, is_last=True), rtol=1e-9, atol=1e-9)


@settings(max_examples=50, deadline=None)
@given(view=VIEWS, seed=st.integers(0, 99), lookahead=st.booleans())
def test_scores_that_were_given_do_not_depend_on_what_comes_later(view, seed, lookahead):
    values, other = series(200, seed, 2), series(200, seed + 1000, 2)
    other[:120] = values[:120]
    given = []
    for one in (values, other):
        stream = PartsStream([ViewStream(each, evidence, 2, lookahead=lookahead) for each in view])
        given.append(stream.update(one[:120]))
        stream.update(one[120:], is_last=True)
    np.testing.assert_array_equal(*given)


@pytest.mark.parametrize(("lookahead", "wait"), [(True, (8 + 4) * 5), (False, 4 * 5)])
def test_a_step_is_final_after_a_window_and_a_stride_or_less_than_a_stride(lookahead, wait):
    stream = PartsStream([ViewStream(view_of(factor, 8, 4), evidence, 2, lookahead=lookahead) for factor in (1, 5)])
    final = 0
    for known in range(1, 400):
        final += stream.update(np.zeros((1, 2))).shape[1]
        if known >= 8 * 5:
            assert known - final < wait


@pytest.mark.parametrize("lookahead", [True, False])
@pytest.mark.parametrize("piece", [1, 7, 64])
def test_what_a_stream_remembers_does_not_grow(lookahead, piece):
    views = [view_of(1, 8, 4), view_of(4, 8, 3), view_of(16, 8, 8)]
    stream = PartsStream([ViewStream(view, evidence, 2, lookahead=lookahead) for view in views])
    sizes = []
    for _ in range(2000 // piece):
        stream.update(np.ones((piece, 2)))
        sizes.append(len(pickle.dumps(stream)))
    half = len(sizes) // 2
    assert max(sizes[half:]) <= max(sizes[:half]) + 256  # 16 steps
