"""Windows come from where they say, without copies of mapped files, in an order that a seed decides."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tjepa_estimators.data import windows as windows_module
from tjepa_estimators.data.windows import WindowSource, batch_indices
from tjepa_estimators.errors import ConfigError, DataError


def ramp(steps=6, channels=2, dtype=np.float64):
    return np.arange(steps * channels, dtype=dtype).reshape(steps, channels)


def everything(source):
    return source.gather(torch.arange(len(source)))


def test_channels_of_one_time_span_are_neighbours():
    origin = WindowSource([ramp(), ramp(2, 1)], length=5).origin(torch.arange(5))
    assert list(zip(origin.series.tolist(), origin.end.tolist(), origin.channel.tolist(), strict=True)) == [
        (0, 5, 0),
        (0, 5, 1),
        (0, 6, 0),
        (0, 6, 1),
        (1, 2, 0),
    ]


def test_the_most_recent_window_is_there_for_every_stride():
    for stride in range(1, 9):
        source = WindowSource([ramp()], length=3, stride=stride)
        np.testing.assert_array_equal(everything(source)[-1], ramp()[-3:, 1])


def test_min_observed_adds_padded_windows_at_the_start():
    source = WindowSource([ramp(4, 1)], length=3, min_observed=1)
    nan = np.nan
    np.testing.assert_array_equal(everything(source), [[nan, nan, 0], [nan, 0, 1], [0, 1, 2], [1, 2, 3]])


def test_windows_of_all_channels_lie_side_by_side():
    source = WindowSource([ramp(), -ramp()], length=4, per_channel=False)
    assert everything(source).shape == (6, 4, 2)
    np.testing.assert_array_equal(everything(source)[1], ramp()[1:5])
    assert source.origin(torch.arange(6)).channel.tolist() == [-1] * 6


def test_missing_values_stay_missing():
    values = ramp(4, 1)
    values[2] = np.nan
    np.testing.assert_array_equal(everything(WindowSource([values], length=4))[0], values[:, 0])


@pytest.mark.parametrize(
    ("types", "expected"),
    [
        ((np.float32,), torch.float32),
        ((np.float64,), torch.float64),
        ((np.float32, np.float32), torch.float32),
        ((np.float32, np.float64), torch.float64),
    ],
)
def test_double_precision_wins(types, expected):
    assert everything(WindowSource([ramp(dtype=dtype) for dtype in types], length=3)).dtype == expected


def test_small_changes_of_a_high_level_survive():
    values = 1e7 + 1e-2 * ramp(8, 1)
    window = everything(WindowSource([values], length=8))[0]
    np.testing.assert_array_equal(window, values[:, 0])


def test_a_single_contiguous_array_is_not_copied():
    values = ramp()
    source = WindowSource([values], length=3)
    values[-1, -1] = 99
    assert everything(source)[-1, -1] == 99


@pytest.mark.parametrize("view", [np.asfortranarray(ramp()), ramp(12)[::2], ramp()[::-1], ramp(6, 4)[:, 1:3]])
def test_arrays_of_any_layout_are_read_right(view):
    for values in ([view], [view, ramp()]):
        source = WindowSource(values, length=6, per_channel=False)
        np.testing.assert_array_equal(everything(source)[0], view)


def test_gathered_windows_may_be_written_to():
    values = ramp()
    values.flags.writeable = False
    source = WindowSource([values], length=3)
    everything(source).zero_()
    np.testing.assert_array_equal(everything(source)[0], values[:3, 0])


@pytest.mark.parametrize("index", [torch.tensor([-1]), torch.tensor([0, 8])])
def test_numbers_out_of_range_are_refused(index):
    source = WindowSource([ramp()], length=3)
    assert len(source) == 8
    with pytest.raises(IndexError, match="expected 0 to 7"):
        source.gather(index)


def test_an_empty_batch_is_empty():
    assert WindowSource([ramp()], length=3).gather(torch.empty(0, dtype=torch.int64)).shape == (0, 3)


@pytest.mark.parametrize(
    "arguments", [{"length": 0}, {"stride": 0}, {"min_observed": 0}, {"min_observed": 4}, {"length": -1}]
)
def test_impossible_settings_are_refused(arguments):
    with pytest.raises(ConfigError, match="expected"):
        WindowSource([ramp()], **{"length": 3, **arguments})


@pytest.mark.parametrize("values", [[], [np.zeros(3)], [np.zeros((0, 1))], [np.zeros((3, 1), np.int64)]])
def test_arrays_that_are_no_series_are_refused(values):
    with pytest.raises(DataError):
        WindowSource(values, length=3)


def test_channels_side_by_side_must_be_as_many_in_each_series():
    with pytest.raises(DataError, match=r"\[1, 2\] channels"):
        WindowSource([ramp(), ramp(6, 1)], length=3, per_channel=False)


def test_batches_depend_on_seed_and_step_alone():
    first = [batch_indices(100, 7, step, seed=3) for step in range(40)]
    torch.manual_seed(99)
    windows_module._permutation.cache_clear()
    for step in reversed(range(40)):
        assert torch.equal(batch_indices(100, 7, step, seed=3), first[step])
    assert not torch.equal(batch_indices(100, 7, 33, seed=4), first[33])


def test_epochs_have_orders_of_their_own():
    assert not torch.equal(batch_indices(100, 100, 0, seed=0), batch_indices(100, 100, 1, seed=0))


def test_drawing_batches_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    batch_indices(100, 7, 0, seed=3)
    batch_indices(10**9, 7, 0, seed=3)
    assert torch.equal(torch.get_rng_state(), before)


def test_writing_to_a_batch_does_not_change_the_next_draw():
    expected = batch_indices(10, 10, 0, seed=0).clone()
    batch_indices(10, 10, 0, seed=0).zero_()
    assert torch.equal(batch_indices(10, 10, 0, seed=0), expected)


def test_huge_panels_are_drawn_from_uniformly_without_a_permutation(monkeypatch):
    monkeypatch.setattr(windows_module, "_permutation", None)
    num_windows = 10**12
    drawn = torch.cat([batch_indices(num_windows, 500, step, seed=0) for step in range(4)])
    assert 0 <= drawn.min() <= drawn.max() < num_windows
    assert abs(drawn.double().mean() / num_windows - 0.5) < 0.05
    assert torch.equal(batch_indices(num_windows, 500, 2, seed=0), drawn[1000:1500])


@pytest.mark.parametrize("arguments", [(0, 1, 0), (1, 0, 0), (1, 1, -1)])
def test_impossible_batches_are_refused(arguments):
    with pytest.raises(ConfigError, match="expected at least one window"):
        batch_indices(*arguments, seed=0)
