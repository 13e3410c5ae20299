"""A series is checked when it is made, and its arrays are never copied without need nor written to."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest

from tjepa_estimators.data import series as series_module
from tjepa_estimators.data.series import Series
from tjepa_estimators.errors import DataError


def test_one_dimension_becomes_one_channel() -> None:
    assert Series(np.arange(5.0)).values.shape == (5, 1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_float_arrays_are_kept_without_a_copy(dtype: type) -> None:
    values = np.ones((4, 2), dtype)
    assert Series(values).values is values
    assert np.shares_memory(Series(values[:, 0]).values, values)


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        (np.int8, np.float64),
        (np.uint64, np.float64),
        (bool, np.float64),
        (np.float16, np.float32),
        (">f4", np.float32),
        (">f8", np.float64),
    ],
)
def test_other_numbers_become_native_floats(dtype: type, expected: type) -> None:
    series = Series(np.array([0, 1, 1], dtype=dtype))
    assert series.values.dtype == expected
    np.testing.assert_array_equal(series.values[:, 0], [0.0, 1.0, 1.0])


def test_masked_elements_are_missing() -> None:
    series = Series(np.ma.masked_array([1, 99, 3], mask=[False, True, False]))
    np.testing.assert_array_equal(series.values[:, 0], [1.0, np.nan, 3.0])


def test_memory_maps_stay_memory_maps(tmp_path) -> None:
    mapped = np.memmap(tmp_path / "values.bin", dtype=np.float32, mode="w+", shape=(10, 2))
    series = Series(mapped)
    assert series.values is mapped
    for part in (series.tail(3), *series.split(0.5)):
        assert isinstance(part.values, np.memmap)
        assert np.shares_memory(part.values, mapped)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.empty(0), "empty"),
        (np.empty((3, 0)), "empty"),
        (np.array(["a", "b"]), "dtype"),
        (np.array([1, None], dtype=object), "dtype"),
        (np.array(["2020-01-01"], dtype="datetime64[D]"), "dtype"),
        (np.array([1j, 2j]), "dtype"),
        (np.array([1.0, np.inf]), "infinite"),
        (np.array([1.0, -np.inf, np.nan]), "infinite"),
        (np.full(3, np.nan), "NaN only"),
        (np.zeros((2, 2, 2)), "3 dimensions"),
        (np.float64(1.0), "0 dimensions"),
    ],
)
def test_unusable_values_are_refused(values: np.ndarray, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Series(values)


def test_an_error_names_the_series() -> None:
    with pytest.raises(DataError, match="'turbine 7'"):
        Series(np.full(3, np.nan), name="turbine 7")


def test_one_missing_channel_and_constant_series_are_fine() -> None:
    Series(np.column_stack([np.full(4, np.nan), np.zeros(4)]))
    Series(np.full(4, 3.0))


@pytest.mark.parametrize("position", [0, 7, 29])
def test_checks_see_every_chunk(monkeypatch: pytest.MonkeyPatch, position: int) -> None:
    monkeypatch.setattr(series_module, "_CHUNK", 4)
    values = np.full((30, 2), np.nan)
    values[position, 1] = 1.0
    Series(values)
    values[position, 0] = np.inf
    with pytest.raises(DataError, match="infinite"):
        Series(values)


def test_checks_of_a_large_array_allocate_little() -> None:
    import tracemalloc

    values = np.zeros((3_000_000, 2), np.float32)
    tracemalloc.start()
    Series(values)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3_000_000


@pytest.mark.parametrize(
    "index",
    [
        pd.RangeIndex(2),
        pd.Index([0, 2, 1]),
        pd.Index([0, 1, 1]),
        pd.DatetimeIndex(["2020-01-03", "2020-01-02", "2020-01-01"]),
        np.array([0, 1, 1]),
        np.array([0, 2, 1]),
    ],
)
def test_an_index_that_does_not_fit_is_refused(index: pd.Index | np.ndarray) -> None:
    with pytest.raises(DataError, match="index"):
        Series(np.arange(3.0), index)


def test_channel_names_must_be_as_many_as_channels() -> None:
    assert Series(np.ones((2, 2)), channels=("a", "b")).channels == ("a", "b")
    with pytest.raises(DataError, match="1 channel names"):
        Series(np.ones((2, 2)), channels=("a",))


def test_tail_keeps_the_last_steps_and_their_index() -> None:
    series = Series(np.arange(6.0), pd.period_range("2020-01", periods=6, freq="M"), name="x")
    tail = series.tail(2)
    np.testing.assert_array_equal(tail.values[:, 0], [4.0, 5.0])
    assert list(tail.index.astype(str)) == ["2020-05", "2020-06"]
    assert tail.name == "x"
    assert len(series.tail(99)) == 6
    with pytest.raises(DataError, match="tail of 0"):
        series.tail(0)


@pytest.mark.parametrize("fraction", [0.01, 0.3, 0.5, 0.99])
@pytest.mark.parametrize("num_steps", [2, 3, 10])
def test_the_parts_of_a_split_make_up_the_series(fraction: float, num_steps: int) -> None:
    series = Series(np.arange(float(num_steps)), np.arange(num_steps))
    first, rest = series.split(fraction)
    assert min(len(first), len(rest)) >= 1
    np.testing.assert_array_equal(np.concatenate([first.values, rest.values]), series.values)
    np.testing.assert_array_equal(np.concatenate([first.index, rest.index]), series.index)


@pytest.mark.parametrize("fraction", [0.0, 1.0, -1.0, float("nan")])
def test_impossible_splits_are_refused(fraction: float) -> None:
    with pytest.raises(DataError, match="fraction"):
        Series(np.arange(3.0)).split(fraction)
    with pytest.raises(DataError, match="1 step"):
        Series(np.arange(1.0)).split(0.5)


def test_read_only_input_is_enough() -> None:
    values = np.arange(6.0)
    values.flags.writeable = False
    first, _ = Series(values).split(0.5)
    assert len(first.tail(2)) == 2


def test_a_series_survives_pickling() -> None:
    given = Series(np.arange(3.0), pd.RangeIndex(3), ("a", 1), ("x",), {"kind": "b"})
    series = pickle.loads(pickle.dumps(given))  # noqa: S301 - bytes made on the spot
    assert (series.name, series.channels, series.static, len(series)) == (("a", 1), ("x",), {"kind": "b"}, 3)
