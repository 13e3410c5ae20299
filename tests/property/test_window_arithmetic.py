"""Windows gathered by arithmetic are those that an obvious loop cuts out."""

from __future__ import annotations

import math

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tjepa_estimators.data.windows import WindowSource, batch_indices, count_ends, first_end, locate

small = st.integers(1, 9)


def slow_windows(values, length, stride, min_observed, *, per_channel):
    """Every (series, channel, end, window) in order, cut out one by one."""
    for series, array in enumerate(values):
        steps, channels = array.shape
        ends = []
        end = steps
        while end >= min(steps, length if min_observed is None else min_observed):
            ends.insert(0, end)
            end -= stride
        for end in ends:
            padded = np.concatenate([np.full((length, channels), np.nan, array.dtype), array[:end]])[-length:]
            if per_channel:
                for channel in range(channels):
                    yield series, channel, end, padded[:, channel]
            else:
                yield series, -1, end, padded


@st.composite
def panels(draw, *, same_channels=False):
    channels = draw(st.integers(1, 3))
    shapes = [
        (draw(st.integers(1, 12)), channels if same_channels else draw(st.integers(1, 3)))
        for _ in range(draw(st.integers(1, 4)))
    ]
    return [100.0 * number + np.arange(float(math.prod(shape))).reshape(shape) for number, shape in enumerate(shapes)]


@given(st.data(), small, small, st.booleans())
@settings(deadline=None)
def test_windows_are_those_of_the_slow_loop(data, length, stride, per_channel):
    values = data.draw(panels(same_channels=not per_channel))
    min_observed = data.draw(st.none() | st.integers(1, length))
    expected = list(slow_windows(values, length, stride, min_observed, per_channel=per_channel))
    source = WindowSource(values, length, stride=stride, min_observed=min_observed, per_channel=per_channel)
    assert len(source) == len(expected)
    index = torch.tensor(data.draw(st.permutations(range(len(expected)))))
    origin = source.origin(index)
    for number, series, channel, end, window in zip(
        index, origin.series, origin.channel, origin.end, source.gather(index), strict=True
    ):
        assert (series, channel, end) == expected[number][:3]
        np.testing.assert_array_equal(window.numpy(), expected[number][3])


@given(st.lists(st.tuples(st.integers(1, 10**9), st.integers(1, 5)), min_size=1, max_size=5), small, small, st.data())
def test_numbering_is_a_bijection_even_for_huge_series(shapes, length, stride, data):
    steps, per_end = np.array(shapes, np.int64).T
    first = first_end(steps, length)
    num_ends = count_ends(steps, first, stride)
    totals = np.cumsum(num_ends * per_end)
    number = np.array([data.draw(st.integers(0, int(totals[-1]) - 1))])
    series, rank, end = locate(number, totals, steps, per_end, stride)
    assert np.all((rank >= 0) & (rank < per_end[series]) & (first[series] <= end) & (end <= steps[series]))
    ordinal = num_ends[series] - 1 - (steps[series] - end) // stride
    before = totals[series] - num_ends[series] * per_end[series]
    assert before + ordinal * per_end[series] + rank == number


@given(st.integers(1, 10**12), small, small)
def test_no_end_is_left_out_at_the_start(steps, min_observed, stride):
    first = first_end(np.array([steps]), min_observed)
    earliest = steps - (count_ends(np.array([steps]), first, stride) - 1) * stride
    assert first <= earliest < first + stride


@given(st.integers(1, 20), st.integers(1, 50), st.integers(0, 2**63 - 1))
def test_each_epoch_holds_each_window_once(num_windows, batch_size, seed):
    batches = math.ceil(3 * num_windows / batch_size)
    drawn = torch.cat([batch_indices(num_windows, batch_size, step, seed) for step in range(batches)])
    for epoch in range(3):
        assert sorted(drawn[epoch * num_windows : (epoch + 1) * num_windows].tolist()) == list(range(num_windows))
