"""Parquet shards are copied once, in any cut, and a copy that was not finished is made again."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tjepa_estimators import pretrain
from tjepa_estimators.data import shards
from tjepa_estimators.data.shards import open_shards
from tjepa_estimators.errors import DataError


def table(lengths):
    rng = np.random.default_rng(0)
    names = np.repeat([f"series {number}" for number in range(len(lengths))], lengths)
    return pd.DataFrame({"name": names, "a": rng.normal(size=len(names)), "b": np.arange(len(names)), "text": "x"})


def write(folder, frame, cuts=()):
    folder.mkdir(parents=True, exist_ok=True)
    edges = [0, *sorted(cuts), len(frame)]
    for number, (begin, end) in enumerate(pairwise(edges)):
        frame[begin:end].to_parquet(folder / f"part-{number:03}.parquet")
    return folder


@settings(max_examples=20, deadline=None)
@given(lengths=st.lists(st.integers(1, 9), min_size=1, max_size=5), data=st.data())
def test_series_are_the_same_however_the_rows_are_cut_into_files_and_batches(tmp_path_factory, lengths, data):
    frame = table(lengths)
    cuts = data.draw(st.sets(st.integers(0, len(frame)), max_size=3))
    folder = tmp_path_factory.mktemp("shards")
    write(folder, frame, cuts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shards, "_ROWS", data.draw(st.integers(1, 7)))
        found = open_shards(folder, cache=folder / "cache", group="name")
    assert [(one.name, len(one)) for one in found] == [(f"series {n}", steps) for n, steps in enumerate(lengths)]
    assert found[0].channels == ("a", "b")
    np.testing.assert_array_equal(np.concatenate([one.values for one in found]), frame[["a", "b"]].astype(np.float32))


def test_values_are_mapped_and_can_be_pretrained_on(tmp_path):
    frame = pd.DataFrame({"load": np.sin(np.arange(400.0))})
    (series,) = open_shards(write(tmp_path, frame, [150]), cache=tmp_path / "cache")
    assert isinstance(series.values, np.memmap)
    expected = pretrain(frame.to_numpy(np.float32), train={"steps": 2}).fingerprint
    assert pretrain([series], train={"steps": 2}).fingerprint == expected


def test_missing_values_stay_missing(tmp_path):
    frame = pd.DataFrame({"load": pd.array([1, None, 3], dtype="Int64")})
    (series,) = open_shards(write(tmp_path, frame), cache=tmp_path / "cache")
    np.testing.assert_array_equal(series.values[:, 0], [1.0, np.nan, 3.0])


def test_the_copy_is_used_again_and_made_anew_when_a_file_changes(tmp_path, monkeypatch):
    folder, cache = write(tmp_path, table([3])), tmp_path / "cache"
    open_shards(folder, cache=cache)
    with monkeypatch.context() as patch:
        patch.setattr(shards, "_copy", None)
        assert len(open_shards(folder, cache=cache)[0]) == 3
    write(folder, table([5]))
    assert len(open_shards(folder, cache=cache)[0]) == 5


def test_a_copy_that_was_killed_is_made_again(tmp_path, monkeypatch):
    folder, cache = write(tmp_path, table([3, 4]), [2]), tmp_path / "cache"
    with monkeypatch.context() as patch:
        patch.setattr(shards, "_write", _killed)
        with pytest.raises(KeyboardInterrupt):
            open_shards(folder, cache=cache, group="name")
    assert not (cache / "index.json").exists()
    assert [len(one) for one in open_shards(folder, cache=cache, group="name")] == [3, 4]
    assert json.loads((cache / "index.json").read_text())["columns"] == ["a", "b"]


def _killed(*_):
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda frame: frame.sort_values("b", key=lambda b: b % 3), {"group": "name"}, "do not stand together"),
        (lambda frame: frame, {"columns": ["c"]}, r"no columns \['c'\]"),
        (lambda frame: frame, {"columns": ["text"]}, "holds no numbers"),
        (lambda frame: frame[["text"]], {}, "no numeric column"),
        (lambda frame: frame[:0], {}, "hold no rows"),
    ],
)
def test_shards_that_cannot_be_used_are_refused(tmp_path, change, options, message):
    write(tmp_path, change(table([4, 4])))
    with pytest.raises(DataError, match=message):
        open_shards(tmp_path, cache=tmp_path / "cache", **options)


def test_files_that_are_none_are_refused(tmp_path):
    with pytest.raises(DataError, match="no parquet files"):
        open_shards(tmp_path, cache=tmp_path / "cache")
    (tmp_path / "bad.parquet").write_text("no parquet")
    with pytest.raises(DataError, match="cannot be read as parquet"):
        open_shards(tmp_path, cache=tmp_path / "cache", columns=["a"])
