"""The domain of synthetic series: found by name, the same each time, split in time."""

from __future__ import annotations

import numpy as np
import pytest

from tjepa_estimators.data.domains import load_domain
from tjepa_estimators.data.synthetic import SyntheticConfig, SyntheticDomain
from tjepa_estimators.errors import DataError

DOMAIN = SyntheticDomain(SyntheticConfig(count=5, length=50, seed=2))


def test_it_is_found_by_name_and_has_no_licence_to_mind():
    domain = load_domain("synthetic")
    assert domain.info.name == "synthetic"
    assert domain.info.licence == "CC0 1.0"
    assert (domain.config.count, domain.config.length) == (1000, 1024)


def test_each_series_is_cut_after_four_fifths():
    for whole, train, test in zip(*(DOMAIN.series(split) for split in ("all", "train", "test")), strict=True):
        assert (len(train), len(test)) == (40, 10)
        assert whole.name == train.name == test.name
        np.testing.assert_array_equal(np.concatenate([train.values, test.values]), whole.values)


def test_a_sample_is_short():
    sample = DOMAIN.sample()
    assert len(sample) == 16
    assert {len(series) for series in sample} == {512}


def test_an_unknown_split_lists_those_that_exist():
    with pytest.raises(DataError, match="'all', 'train', 'test'"):
        DOMAIN.series("validation")
