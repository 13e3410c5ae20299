"""One cut for all frames of a domain."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tjepa_estimators.data.splits import check_split, split_frames
from tjepa_estimators.errors import DataError


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 20)), min_size=1, max_size=4))
def test_train_and_test_make_the_whole_and_are_cut_at_one_moment(spans):
    frames = [
        (str(place), pd.DataFrame({"x": 1.0}, index=pd.RangeIndex(a, a + n))) for place, (a, n) in enumerate(spans)
    ]
    grid = pd.RangeIndex(min(a for a, _ in spans), max(a + n for a, n in spans))
    whole, train, test = (dict(split_frames(frames, grid, split)) for split in ("all", "train", "test"))
    for name, frame in whole.items():
        parts = [part[name] for part in (train, test) if name in part]
        assert pd.concat(parts).equals(frame)
    if train:
        assert max(part.index[-1] for part in train.values()) < min(part.index[0] for part in test.values())


def test_an_unknown_split_lists_those_that_exist():
    with pytest.raises(DataError, match=r"'validation' of the domain 'tides'.*'all', 'train', 'test'"):
        check_split("validation", "tides")
