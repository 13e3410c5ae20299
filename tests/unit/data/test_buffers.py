"""Series are laid out in flat buffers; mapped files are neither copied nor read beyond what is asked for."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from tjepa_estimators.data.buffers import flatten_panel
from tjepa_estimators.errors import DataError


@pytest.fixture
def mapped(tmp_path):
    """Three series of eight steps and four channels in one file, after a header that is no multiple of an element."""
    path = tmp_path / "values.bin"
    numbers = np.arange(96, dtype=np.float32)
    path.write_bytes(b"header" + numbers.tobytes())
    return np.memmap(path, dtype=np.float32, mode="r", offset=6, shape=(3, 8, 4))


def read_whole(panel, series, shape):
    steps, channels = (np.arange(size)[np.newaxis] for size in shape)
    return panel.read(np.array([series]), steps, channels)[0]


def check_panel(values):
    panel = flatten_panel(values)
    for series, array in enumerate(values):
        np.testing.assert_array_equal(read_whole(panel, series, array.shape), array)
    return panel


def test_arrays_in_memory_share_one_buffer():
    values = [np.random.default_rng(0).normal(size=shape) for shape in [(5, 2), (3, 1), (4, 7)]]
    assert len(check_panel(values).buffers) == 1


def test_series_of_one_mapped_file_share_one_buffer_without_a_copy(mapped):
    panel = check_panel(list(mapped))
    assert len(panel.buffers) == 1
    assert np.shares_memory(panel.buffers[0], mapped)


@pytest.mark.parametrize(
    "cut", [np.s_[1], np.s_[1, ::3], np.s_[2, ::-1], np.s_[0, :, 1:3], np.s_[:, 2], np.s_[0, 3:, ::-2]]
)
def test_any_view_of_a_mapped_file_is_read_right_without_a_copy(mapped, cut):
    panel = check_panel([mapped[cut], np.asarray(mapped[cut]).T])
    assert len(panel.buffers) == 1
    assert np.shares_memory(panel.buffers[0], mapped)


def test_mapped_and_resident_arrays_of_several_types_mix(mapped, tmp_path):
    other = np.memmap(tmp_path / "other.bin", dtype=">f8", mode="w+", shape=(6, 1))
    other[:] = np.arange(6.0)[:, None] + 0.1
    panel = check_panel([np.ones((2, 2), np.float32), mapped[1], np.zeros((3, 1)), other])
    assert len(panel.buffers) == 3
    assert panel.dtype == np.float64
    assert panel.dtype.isnative


@pytest.mark.parametrize("dtype", ["<f4", ">f4"])
def test_reading_a_mapped_file_takes_memory_for_the_elements_only(tmp_path, dtype):
    path = tmp_path / "large.bin"
    np.zeros(500_000, dtype).tofile(path)
    for offset in (0, 2):
        values = np.memmap(path, dtype=dtype, mode="r", offset=offset, shape=(499_999, 1))
        tracemalloc.start()
        flatten_panel([values]).read(np.array([0]), np.array([[5, 400_000]]), np.array([[0]]))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 100_000


def test_a_field_of_mapped_records_is_refused_with_advice(tmp_path):
    records = np.memmap(tmp_path / "r.bin", dtype=[("flag", "i1"), ("value", "f4", 2)], mode="w+", shape=4)
    with pytest.raises(DataError, match="array of its own"):
        flatten_panel([records["value"]])
