"""The cache gives back what it was given, and notices damage."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from tjepa_estimators.data.remote.cache import FrameCache, cache_folder
from tjepa_estimators.errors import DataQualityWarning

KEY = {"provider": "yahoo", "symbol": "^HSI", "interval": "1d", "year": 2024}
NOW = datetime(2024, 5, 1, tzinfo=UTC)


@pytest.fixture
def cache(tmp_path):
    return FrameCache(tmp_path / "new" / "folder")


@pytest.fixture
def frame():
    index = pd.date_range("2024-01-01", periods=50, freq="D", name="date")
    return pd.DataFrame({"close": np.random.default_rng(0).random(50) / 3, "volume": range(50)}, index=index)


def files(cache, suffix):
    return sorted(cache.folder.glob(f"*{suffix}"))


def test_a_frame_comes_back_exactly_with_its_facts(cache, frame):
    cache.put(KEY, frame, licence="personal use", is_complete=False, fetched=NOW)
    entry = cache.get(KEY)
    pd.testing.assert_frame_equal(entry.frame, frame, check_exact=True, check_freq=False)
    assert (entry.licence, entry.is_complete, entry.fetched) == ("personal use", False, NOW)


def test_the_sidecar_tells_a_reader_what_the_file_is(cache, frame):
    cache.put(KEY, frame, licence="personal use")
    (sidecar,) = files(cache, ".json")
    about = json.loads(sidecar.read_text())
    assert about["key"] == KEY
    assert about["licence"] == "personal use"
    assert "1d_yahoo_HSI_2024" in sidecar.name


def test_another_value_in_the_key_is_another_entry(cache, frame):
    cache.put(KEY, frame, licence="")
    assert cache.get(KEY | {"symbol": "HSI"}) is None
    assert cache.get(KEY | {"year": "2024"}) is None


def test_an_entry_is_found_whatever_the_order_of_its_key(cache, frame):
    cache.put(KEY, frame, licence="")
    assert cache.get(dict(sorted(KEY.items()))) is not None


def damage_data(path):
    path.write_bytes(path.read_bytes()[:-7])


def damage_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def not_json(path):
    path.with_suffix(".json").write_text("{")


def no_fact(path):
    path.with_suffix(".json").write_text("{}")


def no_data(path):
    path.unlink()


@pytest.mark.parametrize("damage", [damage_data, damage_bit, not_json, no_fact, no_data])
def test_a_damaged_entry_is_reported_and_counts_as_absent(cache, frame, damage):
    cache.put(KEY, frame, licence="")
    damage(files(cache, ".npz")[0])
    with pytest.warns(DataQualityWarning, match="of no use.*fetched again"):
        assert cache.get(KEY) is None
    cache.put(KEY, frame, licence="")
    assert cache.get(KEY).frame.equals(frame)


def test_an_entry_kept_in_an_earlier_way_is_fetched_again(cache, frame):
    cache.put(KEY, frame, licence="")
    (sidecar,) = files(cache, ".json")
    about = json.loads(sidecar.read_text())
    del about["format"]
    sidecar.write_text(json.dumps(about))
    with pytest.warns(DataQualityWarning, match="kept in format 1, and this version reads 2"):
        assert cache.get(KEY) is None


def test_data_without_a_sidecar_were_not_finished_and_count_as_absent(cache, frame):
    cache.put(KEY, frame, licence="")
    files(cache, ".json")[0].unlink()
    assert cache.get(KEY) is None


def test_writing_leaves_nothing_beside_the_two_files(cache, frame):
    cache.put(KEY, frame, licence="")
    cache.put(KEY, frame * 2, licence="")
    assert len(list(cache.folder.iterdir())) == 2
    assert cache.get(KEY).frame.equals(frame * 2)


def test_what_is_complete_stays_fresh_and_the_rest_ages(cache, frame):
    day = timedelta(days=1)
    for is_complete in (True, False):
        cache.put(KEY, frame, licence="", is_complete=is_complete, fetched=NOW)
        entry = cache.get(KEY)
        assert entry.is_fresh(day, NOW + day / 2)
        assert entry.is_fresh(day, NOW + 2 * day) is is_complete


def test_the_folder_is_the_one_given_else_of_the_environment_else_of_the_user(tmp_path, monkeypatch):
    monkeypatch.setenv("TJEPA_CACHE", str(tmp_path / "named"))
    assert cache_folder(tmp_path / "given") == tmp_path / "given"
    assert cache_folder() == tmp_path / "named"
    monkeypatch.delenv("TJEPA_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert "tjepa_estimators" in cache_folder().parts
