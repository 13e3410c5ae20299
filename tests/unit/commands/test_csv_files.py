"""Csv files as people have them: read as they are meant, or refused with what to do."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tjepa_estimators.commands.csv_files import CsvFile, read_csv, write_csv
from tjepa_estimators.errors import DataError


@pytest.fixture
def read(tmp_path):
    """Read a text or a table: ``read(text, time=None, group=None)``."""
    from jsonargparse import Namespace

    def read(text, time=None, group=None) -> CsvFile:
        path = tmp_path / "file.csv"
        path.write_text(text if isinstance(text, str) else text.to_csv(index=False))
        return read_csv(path, Namespace(time=time, columns=None, group=group))

    return read


def table(times, **values):
    return pd.DataFrame({"when": times, "x": np.arange(float(len(times))), **values})


def stamps(file):
    return pd.DatetimeIndex(file.series[0].index)


@pytest.mark.parametrize(
    "times",
    [
        pd.date_range("2022-01-01", periods=14, freq="MS"),
        pd.date_range("2022-01-31", periods=14, freq="ME"),
        pd.date_range("2022-01-01", periods=14, freq="QS"),
        pd.date_range("2012-01-01", periods=14, freq="YS"),
        pd.date_range("2012-12-31", periods=14, freq="YE"),
        pd.date_range("2022-01-15", periods=14, freq=pd.DateOffset(months=1)),
    ],
)
def test_a_month_that_is_left_out_is_a_missing_value_and_the_grid_goes_on(read, times):
    for kept in (times, times.delete([4, 9])):
        file = read(table(kept))
        assert [*stamps(file)] == [*times]
        assert np.isnan(file.series[0].values).sum() == len(times) - len(kept)
        ahead = file.future(file.series[0], 2)
        assert [*ahead] == [*pd.date_range(times[-1], periods=3, freq=times.freq)[1:]]


def test_no_row_of_other_business_hours_than_those_of_pandas_is_lost(read):
    hours = pd.date_range("2024-01-01", periods=24 * 14, freq="h")
    open_hours = hours[(hours.hour >= 13) & (hours.hour <= 20) & (hours.dayofweek < 5)]
    file = read(table(open_hours))
    assert np.isfinite(file.series[0].values).sum() == len(open_hours)


@pytest.mark.parametrize(
    ("cells", "first"),
    [
        (["20240130", "20240131", "20240201"], "2024-01-30"),
        (["30/01/2024", "31/01/2024", "1/2/2024"], "2024-01-30"),
        (["01/30/2024", "01/31/2024", "02/01/2024"], "2024-01-30"),
        (["05.01.2024", "06.01.2024", "07.01.2024"], "2024-01-05"),
        (["30-01-2024 06:00", "31-01-2024 06:00", "01-02-2024 06:00"], "2024-01-30 06:00"),
    ],
)
def test_dates_are_read_in_the_order_that_all_of_them_allow(read, cells, first):
    found = stamps(read(table(cells), time="when"))
    assert [*found] == [*pd.date_range(first, periods=3)]


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (table(["01/01/2018", "01/02/2018", "01/03/2018"]), {}, "day and month could change places"),
        (table(["2024-01-03", "2024-02-30", "2024-01-01"]), {}, "row 3 of the file holds '2024-02-30'"),
        (table(["2024-01-03", None, "2024-01-01"]), {"time": "when"}, "row 3 of the file has none"),
        ("date,x\n2024-01-01,1,5\n2024-01-02,2,5\n", {}, "cannot be read as csv"),
        ("date;x\n2024-01-01;1\n2024-01-02;2\n", {}, "separate columns by commas"),
        ("date;x\n2024-01-01;1,5\n2024-01-02;2,5\n", {}, "cannot be read as csv|separate columns by commas"),
        ("shop,x\na,1\n,2\n", {"group": "shop"}, "row 3 of the file has none"),
        ("shop\na\nb\n", {"group": "shop"}, "no numeric column"),
    ],
)
def test_what_could_be_read_wrongly_is_refused(read, text, options, message):
    with pytest.raises(DataError, match=message):
        read(text, **options)


def test_a_comma_at_the_end_of_each_row_shifts_nothing(read):
    file = read("date,x\n2024-01-01,1,\n2024-01-02,2,\n2024-01-03,3,\n")
    assert file.time == "date"
    assert file.series[0].values.ravel().tolist() == [1.0, 2.0, 3.0]


def test_names_of_series_are_kept_as_they_are_written(read):
    file = read("shop,x\n007,1\nNA,2\n007,3\nNA,4\n", group="shop")
    assert [one.name for one in file.series] == ["007", "NA"]


def test_numbers_that_count_the_time_get_their_grid_too(read):
    file = read("t,x\n10,1\n12,2\n18,5\n14,3\n20,6\n", time="t")
    assert [*file.series[0].index] == [10, 12, 14, 16, 18, 20]
    assert np.isnan(file.series[0].values[3, 0])


def test_values_and_times_are_written_with_the_digits_that_tell_them_apart(read, tmp_path):
    file = read("t,x\n1700000000.5,123456789\n1700000001.5,123456788\n1700000002.5,0.1\n", time="t")
    (one,) = file.series
    write_csv([file.label(pd.DataFrame(one.values, columns=["x"]), one, file.stamps(one))], str(tmp_path / "o.csv"))
    back = pd.read_csv(tmp_path / "o.csv")
    assert back["t"].tolist() == [1700000000.5, 1700000001.5, 1700000002.5]
    assert back["x"].tolist() == [123456789.0, 123456788.0, 0.1]


def test_a_column_named_step_leaves_its_name_to_the_values(read):
    file = read("step,x\n1,5\n2,6\n3,7\n")
    assert file.time == "row"
    with pytest.raises(DataError, match=r"several columns named \['x'\]"):
        file.check_names(["x", "x"])


def test_columns_of_another_file_are_matched_by_name(read):
    file = read("a,b\n1,10\n2,20\n")
    assert file.matched(("b", "a")).series[0].values.tolist() == [[10.0, 1.0], [20.0, 2.0]]
    with pytest.raises(DataError, match="in the other file"):
        file.matched(("a", "c"))


def test_one_row_has_no_next_time(read):
    file = read("date,x\n2024-01-01,1\n")
    with pytest.raises(DataError, match="one row"):
        file.future(file.series[0], 3)
