"""Frames come back from arrays as they went in, or are refused."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tjepa_estimators.data.remote.arrays import arrays_to_frame, frame_to_arrays
from tjepa_estimators.errors import DataError


def there_and_back(frame):
    arrays, facts = frame_to_arrays(frame)
    packed = io.BytesIO()
    np.savez(packed, allow_pickle=False, **arrays)
    packed.seek(0)
    return arrays_to_frame(dict(np.load(packed, allow_pickle=False)), facts)


@given(st.lists(st.tuples(st.floats(), st.integers(-(2**63), 2**63 - 1), st.booleans(), st.text()), max_size=5))
def test_numbers_booleans_and_text_come_back_exactly(rows):
    dtypes = {"f": float, "i": "int64", "b": bool, "t": object}
    frame = pd.DataFrame(rows, columns=list(dtypes)).astype(dtypes)
    pd.testing.assert_frame_equal(there_and_back(frame), frame, check_exact=True)


@pytest.mark.parametrize("zone", [None, "UTC", "Asia/Hong_Kong", "America/New_York"])
@pytest.mark.parametrize("unit", ["s", "us", "ns"])
def test_times_keep_unit_and_zone(zone, unit):
    index = pd.date_range("2024-03-10", periods=4, freq="h", tz=zone, name="time").as_unit(unit)
    frame = pd.DataFrame({"x": np.float32([1, 2, np.nan, 4])}, index=index)
    back = there_and_back(frame)
    assert back.index.dtype == index.dtype
    pd.testing.assert_frame_equal(back, frame, check_freq=False)


@pytest.mark.parametrize("text", ["\x00", "a\x00\x00", "", "."])
def test_text_keeps_every_character(text):
    frame = pd.DataFrame({"condition": [text, "rain"]})
    pd.testing.assert_frame_equal(there_and_back(frame), frame)


def test_missing_text_stays_missing():
    frame = pd.DataFrame({"condition": ["rain", None, ""]})
    pd.testing.assert_frame_equal(there_and_back(frame), frame)


def test_a_frame_without_rows_keeps_its_columns():
    frame = pd.DataFrame({"x": np.zeros(0)}, index=pd.DatetimeIndex([], name="time"))
    pd.testing.assert_frame_equal(there_and_back(frame), frame, check_freq=False)


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"x": [{"a": 1}]}),
        pd.DataFrame({"x": pd.Categorical(["a"])}),
        pd.DataFrame({"x": pd.array([1, None], dtype="Int64")}),
        pd.DataFrame({"x": [1]}, index=pd.MultiIndex.from_tuples([(1, 2)])),
        pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "b"), ("a", "c")])),
    ],
    ids=["dict", "category", "nullable", "rows of two levels", "columns of two levels"],
)
def test_what_would_not_come_back_is_refused(frame):
    with pytest.raises(DataError, match="cannot be kept exactly"):
        frame_to_arrays(frame)
