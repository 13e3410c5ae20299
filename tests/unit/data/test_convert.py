"""Every container that users hold becomes the same list of series."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tjepa_estimators.data.convert import as_series
from tjepa_estimators.data.series import Series
from tjepa_estimators.errors import DataError


class FakeDarts:
    """What ``as_series`` relies on in a Darts TimeSeries."""

    def __init__(self, values, *, n_samples=1, static_covariates=None):
        self._values, self.n_samples, self.static_covariates = values, n_samples, static_covariates
        self.time_index = pd.date_range("2020", periods=len(values), freq="D")
        self.components = pd.Index([f"c{i}" for i in range(values.shape[1])])

    def values(self, copy=True):
        return self._values.copy() if copy else self._values


class Domain:
    info = None

    def series(self, split="all"):
        return (Series(np.arange(3.0), name=split),)

    def sample(self):
        return self.series()


def panel(*instances):
    index = pd.MultiIndex.from_tuples(
        [(*key, month) for key in instances for month in pd.period_range("2020", periods=3, freq="M")]
    )
    return pd.DataFrame({"a": np.arange(float(len(index))), "b": 1}, index=index)


def test_a_series_stays_itself():
    series = Series(np.arange(3.0))
    assert as_series(series) == [series]


def test_arrays_become_one_series_or_one_for_each_row_of_a_panel():
    assert [s.values.shape for s in as_series(np.zeros(4))] == [(4, 1)]
    assert [s.values.shape for s in as_series(np.zeros((4, 2)))] == [(4, 2)]
    cube = np.arange(24.0).reshape(2, 4, 3)
    for series, expected in zip(as_series(cube), cube, strict=True):
        np.testing.assert_array_equal(series.values, expected)
        assert np.shares_memory(series.values, cube)


def test_a_memory_mapped_panel_stays_on_disk(tmp_path):
    mapped = np.memmap(tmp_path / "values.bin", dtype=np.float32, mode="w+", shape=(2, 4, 3))
    for series in as_series(mapped):
        assert isinstance(series.values, np.memmap)
        assert np.shares_memory(series.values, mapped)


def test_lists_nest_and_may_mix_containers_and_channel_counts():
    mixed = [np.zeros(3), (np.zeros((4, 2)), pd.Series([1.0, 2.0])), FakeDarts(np.zeros((5, 3)))]
    assert [s.values.shape for s in as_series(mixed)] == [(3, 1), (4, 2), (2, 1), (5, 3)]


def test_a_pandas_series_keeps_its_name_and_index():
    given = pd.Series([1.0, np.nan, 3.0], pd.date_range("2020", periods=3), name="sales")
    (series,) = as_series(given)
    assert (series.name, series.channels) == ("sales", ("sales",))
    pd.testing.assert_index_equal(series.index, given.index)
    np.testing.assert_array_equal(series.values[:, 0], given.to_numpy())
    (unnamed,) = as_series(given.rename(None))
    assert (unnamed.name, unnamed.channels) == (None, ())


def test_a_frame_keeps_its_columns_as_channels():
    frame = pd.DataFrame({"x": [1, 2], "y": [True, False], 3: [0.5, np.nan]})
    (series,) = as_series(frame)
    assert series.channels == ("x", "y", "3")
    np.testing.assert_array_equal(series.values, [[1, 1, 0.5], [2, 0, np.nan]])


def test_single_precision_frames_stay_single():
    assert as_series(pd.DataFrame({"x": np.ones(2, np.float32)}))[0].values.dtype == np.float32
    assert as_series(pd.DataFrame({"x": np.ones(2, np.float32), "y": 1.0}))[0].values.dtype == np.float64


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "Float32", "boolean"])
def test_missing_values_of_nullable_columns_become_nan(dtype):
    (series,) = as_series(pd.DataFrame({"x": pd.array([1, None, 0], dtype=dtype)}))
    np.testing.assert_array_equal(series.values[:, 0], [1.0, np.nan, 0.0])


@pytest.mark.parametrize(
    "column", [pd.Series(["a", "b"]), pd.Series([1, None], dtype=object), pd.to_datetime(["2020", "2021"]), [1j, 2j]]
)
def test_columns_that_are_no_numbers_are_named(column):
    with pytest.raises(DataError, match=r"\['label'\]"):
        as_series(pd.DataFrame({"fine": [1.0, 2.0], "label": column}))


def test_a_panel_splits_into_its_instances():
    frame = panel(("b",), ("a",))
    series = as_series(frame)
    assert [s.name for s in series] == ["b", "a"]
    for one in series:
        expected = frame.loc[one.name]
        np.testing.assert_array_equal(one.values, expected.to_numpy())
        assert list(one.index) == list(expected.index)
        assert one.channels == ("a", "b")


def test_a_hierarchy_names_its_series_by_tuples():
    series = as_series(panel(("north", 1), ("north", 2), ("south", 1))["a"])
    assert [s.name for s in series] == [("north", 1), ("north", 2), ("south", 1)]
    assert [s.values[0, 0] for s in series] == [0.0, 3.0, 6.0]


def test_rows_of_instances_may_be_interleaved():
    frame = panel(("b",), ("a",))
    shuffled = frame.iloc[[0, 3, 1, 4, 2, 5]]
    for one, other in zip(as_series(shuffled), as_series(frame), strict=True):
        assert one.name == other.name
        np.testing.assert_array_equal(one.values, other.values)


def test_a_slice_of_a_panel_holds_only_its_own_instances():
    frame = panel(("a",), ("b",), ("c",))
    assert [s.name for s in as_series(frame.loc[["a", "c"]])] == ["a", "c"]


def test_duplicated_times_inside_an_instance_are_refused():
    frame = panel(("a",), ("b",))
    with pytest.raises(DataError, match="'b'"):
        as_series(pd.concat([frame, frame.iloc[3:4]]))


def test_a_darts_series_keeps_its_times_components_and_static_covariates():
    given = FakeDarts(np.arange(6.0).reshape(3, 2), static_covariates=pd.DataFrame({"area": [2.0], "kind": ["x"]}))
    (series,) = as_series(given)
    assert series.channels == ("c0", "c1")
    assert series.static == {"area": 2.0, "kind": "x"}
    assert series.index is given.time_index
    assert np.shares_memory(series.values, given.values(copy=False))


def test_static_covariates_of_components_name_their_component():
    table = pd.DataFrame({"area": [2.0, 3.0]}, index=["c0", "c1"])
    (series,) = as_series(FakeDarts(np.zeros((3, 2)), static_covariates=table))
    assert series.static == {"area[c0]": 2.0, "area[c1]": 3.0}


def test_stochastic_darts_series_are_refused():
    with pytest.raises(DataError, match="100 samples"):
        as_series(FakeDarts(np.zeros((3, 1)), n_samples=100))


def test_a_domain_gives_its_training_split():
    assert [s.name for s in as_series(Domain())] == ["train"]


@pytest.mark.parametrize("data", [None, 3.0, "ETTh1", {"a": np.zeros(3)}, SimpleNamespace(values=np.zeros(3)), [1, 2]])
def test_other_types_are_refused_by_name(data):
    name = "int" if isinstance(data, list) else type(data).__name__
    with pytest.raises(DataError, match=f"from {name}; expected a Series; a numpy array"):
        as_series(data)


@pytest.mark.parametrize(
    "data", [[], (), np.zeros((0, 3, 1)), panel(("a",)).iloc[:0], pd.DataFrame({"x": []}, dtype=float)]
)
def test_nothing_at_all_is_refused(data):
    with pytest.raises(DataError):
        as_series(data)


def test_inputs_are_never_written_to():
    frame = panel(("b",), ("a",)).iloc[[0, 3, 1, 4, 2, 5]]
    before = frame.copy()
    as_series(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_numpy_users_pay_for_no_pandas():
    code = (
        "import sys, numpy as np; from tjepa_estimators.data.convert import as_series; as_series(np.zeros(3));"
        "sys.exit('pandas' in sys.modules or 'torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
