"""Downloads in parts go on where they stopped, and the newest part is renewed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from tjepa_estimators.data.remote.cache import FrameCache
from tjepa_estimators.data.remote.parts import PartStore, parts_of
from tjepa_estimators.errors import DataError, DataQualityWarning, DownloadError

NOW = datetime(2024, 6, 15, tzinfo=UTC)
YEARS = parts_of(pd.Timestamp("2021-01-01"), pd.Timestamp("2024-06-15"))
KEY = {"provider": "test", "symbol": "A"}


class Provider:
    """A row for each month of the part; fails from the call given."""

    def __init__(self, fails_at=99):
        self.fails_at = fails_at
        self.asked = []

    def __call__(self, part):
        self.asked.append(part.start.year)
        if len(self.asked) >= self.fails_at:
            raise DownloadError("the line is down")
        return pd.DataFrame({"x": 1.0}, index=pd.date_range(part.start, part.end, freq="MS", inclusive="left"))


@pytest.fixture
def store(tmp_path):
    return PartStore(cache=FrameCache(tmp_path), licence="CC0")


def test_all_parts_are_joined_in_order(store):
    frame = store.collect(KEY, YEARS, Provider(), NOW)
    assert frame.index.equals(pd.date_range("2021-01-01", periods=48, freq="MS"))


def test_an_interrupted_download_goes_on_where_it_stopped(store):
    with pytest.raises(DownloadError):
        store.collect(KEY, YEARS, Provider(fails_at=3), NOW)
    second = Provider()
    store.collect(KEY, YEARS, second, NOW)
    assert second.asked == [2023, 2024]


def test_what_is_over_is_never_asked_for_again_and_the_rest_when_it_is_old(store):
    store.collect(KEY, YEARS, Provider(), NOW)
    soon, later = Provider(), Provider()
    store.collect(KEY, YEARS, soon, NOW + timedelta(hours=1))
    store.collect(KEY, YEARS, later, NOW + timedelta(days=2))
    assert (soon.asked, later.asked) == ([], [2024])


def test_a_year_that_has_just_ended_is_not_final_yet(store):
    (year,) = parts_of(pd.Timestamp("2023-01-01"), pd.Timestamp("2024-01-01"))
    for now in (datetime(2024, 1, 2, tzinfo=UTC), datetime(2024, 1, 9, tzinfo=UTC)):
        store.collect(KEY, [year], Provider(), now)
    third = Provider()
    store.collect(KEY, [year], third, datetime(2025, 1, 1, tzinfo=UTC))
    assert third.asked == []


def test_offline_an_old_copy_is_better_than_none_and_is_announced(store):
    fresh = store.collect(KEY, YEARS, Provider(), NOW)
    with pytest.warns(DataQualityWarning, match=r"as fetched on 2024-06-15.*the line is down"):
        old = store.collect(KEY, YEARS, Provider(fails_at=1), NOW + timedelta(days=9))
    assert old.equals(fresh)


def test_other_symbols_are_other_entries(store):
    store.collect(KEY, YEARS, Provider(), NOW)
    other = Provider()
    store.collect(KEY | {"symbol": "B"}, YEARS, other, NOW)
    assert other.asked == [2021, 2022, 2023, 2024]


def test_parts_without_rows_do_not_disturb(store):
    def listed_in_2023(part):
        return Provider()(part) if part.start.year >= 2023 else pd.DataFrame({"x": []}, index=pd.DatetimeIndex([]))

    assert len(store.collect(KEY, YEARS, listed_in_2023, NOW)) == 24


def test_what_cannot_be_kept_is_used_all_the_same(tmp_path):
    (tmp_path / "taken").write_text("a file where the folder should be")
    store = PartStore(cache=FrameCache(tmp_path / "taken"), licence="CC0")
    with pytest.warns(DataQualityWarning, match=r"cannot be kept.*TJEPA_CACHE"):
        assert len(store.collect(KEY, YEARS[:1], Provider(), NOW)) == 12


def test_parts_are_whole_periods_whatever_the_span():
    for start, end in (("2023-03-05", "2023-03-05 12:00"), ("2023-03-01", "2023-04-01")):
        (month,) = parts_of(pd.Timestamp(start), pd.Timestamp(end), "MS")
        assert (str(month.start.date()), str(month.end.date())) == ("2023-03-01", "2023-04-01")


def test_an_empty_span_is_refused():
    with pytest.raises(DataError, match="start before the end"):
        parts_of(pd.Timestamp("2024-01-01"), pd.Timestamp("2024-01-01"))
