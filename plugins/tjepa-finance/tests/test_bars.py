"""What is believed of a bar, and own tables of bars."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest
from tjepa_finance.bars import BAR_RULES, bars_from_frame, flat_note, unreported
from tjepa_finance.coins import Coins
from tjepa_finance.computed import computed_bars
from tjepa_finance.indices import Indices

from tjepa_estimators.data.remote.quality import tidy
from tjepa_estimators.errors import DataError, DataQualityWarning


@pytest.fixture
def bars():
    """Sixty clean daily bars."""
    return computed_bars(0, price=100.0, steps=60)


def test_computed_bars_are_possible_and_the_same_each_time(bars):
    _, report = tidy(bars, name="x", rules=BAR_RULES)
    assert report.is_clean
    pd.testing.assert_frame_equal(bars, computed_bars(0, price=100.0, steps=60))
    assert not bars.equals(computed_bars(1, price=100.0, steps=60))


def test_computed_bars_open_where_the_day_before_closed(bars):
    np.testing.assert_allclose(bars["open"][1:], bars["close"][:-1])


@pytest.mark.parametrize(("zeros", "missing"), [(range(20), 20), (range(19), 0), ([5], 0), (range(10, 45), 35)])
def test_a_stretch_of_zeros_is_not_reported_and_a_few_are_believed(bars, zeros, missing):
    bars.iloc[list(zeros), 4] = 0
    tidied, _ = tidy(bars, name="x", rules=BAR_RULES)
    assert tidied["volume"].isna().sum() == missing
    assert tidied["close"].notna().all()


def test_a_gap_does_not_count_as_a_zero():
    volume = pd.DataFrame({"volume": [0.0, 0.0, np.nan, 0.0, 0.0]})
    assert not unreported(run=3).find(volume)["volume"].any()


def test_bars_of_one_price_are_kept_and_told(bars):
    bars.iloc[:25, :4] = bars.iloc[:25, [3]].to_numpy()
    assert flat_note(bars) == (f"25 bars up to {bars.index[24]:%Y-%m-%d} have open = high = low = close (kept)",)
    assert flat_note(bars.iloc[10:]) == ()
    assert flat_note(bars[["close"]]) == ()


@pytest.mark.parametrize("domain", [Indices, Coins])
def test_a_table_in_the_spelling_of_yahoo_is_read(domain, bars):
    table = bars.rename(columns=str.title).reset_index(names="Date").assign(**{"Adj Close": 1.0, "Index": "XYZ"})
    series = domain.from_frame(table, time="Date", panel="Index", frequency="D").series()[0]
    assert (series.name, series.channels) == ("XYZ", ("open", "high", "low", "close", "volume"))
    np.testing.assert_array_equal(series.values, bars.to_numpy())


def test_a_file_is_read_and_its_checksum_kept(bars, tmp_path):
    path = tmp_path / "mine.csv"
    bars.rename(columns=str.title).rename_axis("Date").to_csv(path)
    domain = Indices.from_csv(path, frequency="D")
    assert domain.info.name == "mine"
    assert domain.info.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    np.testing.assert_allclose(domain.series()[0].values, bars.to_numpy())


def test_bad_ticks_of_own_tables_are_reported_and_can_be_believed(bars):
    bars.iloc[7, 3] *= 50
    with pytest.warns(DataQualityWarning, match="1 values 5 times its neighbours"):
        judged = bars_from_frame(bars, frequency="D")
    believed = bars_from_frame(bars, frequency="D", rules=())
    assert np.isnan(judged.series()[0].values[7, 3])
    assert believed.series()[0].values[7, 3] == bars.iloc[7, 3]


def test_a_table_without_bars_is_refused():
    with pytest.raises(DataError, match=r"No bars in the columns \['price'\]"):
        bars_from_frame(pd.DataFrame({"price": [1.0]}, index=pd.DatetimeIndex(["2024-01-01"])), frequency="D")
