"""Domains of frames: one cut, own tables and files, clear errors."""

from __future__ import annotations

import gzip
import hashlib

import numpy as np
import pandas as pd
import pytest

from tjepa_estimators.data.remote.frames import FrameDomain, read_csv
from tjepa_estimators.data.remote.rules import positive
from tjepa_estimators.errors import DataError, DataQualityWarning
from tjepa_estimators.testing import check_domain


def table(steps=200, shops=("east", "west")):
    rng = np.random.default_rng(0)
    days = pd.date_range("2023-01-01", periods=steps, freq="D")
    return pd.concat(
        pd.DataFrame({"day": days.astype(str), "shop": shop, "sold": rng.random(steps), "paid": rng.random(steps)})
        for shop in shops
    )


def own(frame=None, **settings):
    given = {"time": "day", "panel": "shop", "frequency": "D"} | settings
    return FrameDomain.from_frame(table() if frame is None else frame, **given)


def test_it_is_a_domain():
    assert check_domain(own).summary == "8 passed, 1 skipped"


def test_a_panel_of_unequal_lengths_is_cut_at_one_moment():
    late = table(shops=["late"]).iloc[150:]
    domain = own(pd.concat([table(), late]))
    ends, starts = ([one.index for one in domain.series(split)] for split in ("train", "test"))
    assert max(index[-1] for index in ends) < min(index[0] for index in starts)
    assert {one.name for one in domain.series("test")} == {"east", "west", "late"}
    assert {one.name for one in domain.series("train")} == {"east", "west", "late"}


def test_channels_are_all_columns_or_those_chosen():
    assert own().series()[0].channels == ("sold", "paid")
    assert own(columns=["paid"]).series()[0].channels == ("paid",)


def test_the_index_may_hold_the_times_and_there_may_be_one_series():
    frame = pd.DataFrame({"x": range(9)}, index=pd.date_range("2024-01-01", periods=9, freq="h", tz="Asia/Tokyo"))
    (series,) = FrameDomain.from_frame(frame, frequency="h", name="load").series()
    assert series.name == "load"
    assert series.index[0] == pd.Timestamp("2023-12-31 15:00")


def test_rows_that_are_missing_are_missing_values():
    (series,) = own(table(20, ["east"]).drop(7)).series()
    assert np.flatnonzero(np.isnan(series.values).all(axis=1)).tolist() == [7]


def test_steps_without_values_at_the_ends_are_left_out():
    frame = table(20, ["east"])
    frame.loc[[0, 1, 19], ["sold", "paid"]] = np.nan
    (series,) = own(frame).series()
    assert len(series) == 17


def test_faults_are_reported_once():
    frame = pd.concat([table(20), table(20, ["east"]).iloc[:3]])
    frame.iloc[5, 2] = -1
    with pytest.warns(
        DataQualityWarning, match=r"3 rows with a time that comes again.*1 values not positive"
    ) as caught:
        own(frame, rules=[positive(["sold"])])
    assert len(caught) == 1


def test_a_file_is_read_and_its_checksum_kept(tmp_path):
    path = tmp_path / "shops.csv.gz"
    path.write_bytes(gzip.compress(table().to_csv(index=False).encode()))
    domain = FrameDomain.from_csv(path, time="day", panel="shop", frequency="D", licence="CC0")
    assert domain.info.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (domain.info.name, domain.info.licence, domain.info.source) == ("shops", "CC0", "shops.csv.gz")
    for one, other in zip(domain.series(), own().series(), strict=True):
        np.testing.assert_array_equal(one.values, other.values)


def test_a_long_column_of_numbers_and_text_is_text_throughout(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("\n".join(["order,sold", *["1,2.5"] * 150_000, "C1,2.5"]))
    frame, _ = read_csv(path)
    assert set(frame["order"]) == {"1", "C1"}


@pytest.mark.parametrize("content", [None, b"", b"\x00\xff\xfe"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, content):
    path = tmp_path / "mine.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"mine\.csv"):
        FrameDomain.from_csv(path, time="day", frequency="D")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"time": "date"}, r"no \['date'\]"),
        ({"columns": ["sold", "cost"]}, r"no \['cost'\]"),
        ({"panel": "place"}, r"no \['place'\]"),
        ({"panel": ""}, r"\['shop'\] of 'own' are no numbers"),
        ({"time": "sold", "columns": ["paid"]}, "are numbers, such as"),
        ({"time": "shop", "panel": "", "columns": ["paid"]}, "times of 'own' cannot be read"),
        ({"frequency": "MS"}, "do not lie on the frequency 'MS'"),
    ],
)
def test_a_table_that_does_not_fit_is_explained(settings, message):
    with pytest.raises(DataError, match=message):
        own(**settings)


def test_a_series_without_values_is_named():
    frame = table()
    frame.loc[frame["shop"] == "west", ["sold", "paid"]] = np.nan
    with pytest.raises(DataError, match=r"no values for \['west'\]"):
        own(frame)


def test_an_empty_table_is_refused():
    with pytest.raises(DataError, match="0 rows"):
        own(table().iloc[:0])


def test_rows_of_no_series_are_refused():
    frame = table(20)
    frame.loc[frame["shop"] == "west", "shop"] = None
    with pytest.raises(DataError, match="some rows have none"):
        own(frame)


def test_times_that_are_numbers_are_refused_whatever_their_index():
    frame = table(20, ["east"]).assign(day=range(20)).set_axis(range(5, 25))
    with pytest.raises(DataError, match="are numbers, such as 0"):
        own(frame)
