"""Series depend on the seed and their number only; they vary, are finite, and come in the shares asked for."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tjepa_estimators.data.synthetic import FAMILIES, SyntheticConfig, synthetic_blocks, synthetic_series
from tjepa_estimators.data.synthetic import generate as module
from tjepa_estimators.data.synthetic.generate import BLOCK, GENERATORS, families, write_synthetic

CONFIG = SyntheticConfig(count=BLOCK + 20, length=64)


@pytest.fixture(scope="module")
def series():
    return synthetic_series(CONFIG)


def test_they_have_the_size_asked_for_in_single_precision(series):
    assert series.shape == (BLOCK + 20, 64)
    assert series.dtype == np.float32


def test_the_same_seed_gives_the_same_series(series):
    np.testing.assert_array_equal(synthetic_series(CONFIG), series)


def test_another_seed_gives_other_series(series):
    other = synthetic_series(dataclasses.replace(CONFIG, seed=1, count=20))
    assert not (other == series[:20]).all(axis=1).any()


def test_the_first_series_do_not_depend_on_how_many_follow(series):
    few = dataclasses.replace(CONFIG, count=7)
    np.testing.assert_array_equal(synthetic_series(few), series[:7])


def test_a_block_needs_none_of_those_before_it(series):
    np.testing.assert_array_equal(module._block(CONFIG, 1)[:20], series[BLOCK:])


def test_no_two_blocks_are_alike(series):
    assert not (series[:20] == series[BLOCK:]).all(axis=1).any()


@pytest.mark.parametrize("family", FAMILIES)
def test_series_of_every_family_are_finite_but_for_gaps_and_vary(family):
    values = synthetic_series(SyntheticConfig(count=BLOCK, length=100, shares={family: 1}, gaps=0.3, seed=3))
    assert not np.isinf(values).any()
    assert 0.1 < np.isnan(values).any(axis=1).mean() < 0.5
    assert np.isnan(values).mean(axis=1).max() < 0.5
    assert (np.nanmax(values, axis=1) > np.nanmin(values, axis=1)).all()


def test_nothing_is_missing_where_no_gaps_are_asked_for():
    assert np.isfinite(synthetic_series(SyntheticConfig(count=BLOCK, length=64, gaps=0))).all()


def test_scales_span_orders_of_magnitude(series):
    spread = np.nanstd(series, axis=1)
    assert np.quantile(spread, 0.95) > 1000 * np.quantile(spread, 0.05)


@pytest.mark.parametrize("start", [0, 1000 * BLOCK])
def test_every_stretch_of_series_has_the_shares_asked_for(start):
    shares = {"seasonal": 3, "systems": 1, "counts": 0}
    drawn = families(SyntheticConfig(shares=shares), start)[:100]
    found = {name: np.mean(drawn == place) for place, name in enumerate(FAMILIES)}
    expected = {"seasonal": 0.75, "gaussian_process": 0, "stochastic": 0, "counts": 0, "systems": 0.25}
    assert found == pytest.approx(expected, abs=0.03)


def test_every_family_has_its_generator():
    assert list(GENERATORS) == list(FAMILIES)


def test_a_draw_that_is_constant_or_went_astray_is_replaced():
    drawn = np.array([[1.0] * 20, [np.nan] * 20, [0.0, 1.0] * 10])
    mended = module._varying(np.random.default_rng(0), drawn)
    assert np.isfinite(mended).all()
    assert (np.ptp(mended, axis=1) > 0).all()
    np.testing.assert_array_equal(mended[2], drawn[2])


def test_a_file_holds_the_same_values(tmp_path, series):
    path = write_synthetic(tmp_path / "series.npy", CONFIG)
    np.testing.assert_array_equal(np.load(path, mmap_mode="r"), series)
    assert [entry.name for entry in tmp_path.iterdir()] == ["series.npy"]


def test_a_file_that_could_not_be_finished_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "series.npy"
    path.write_bytes(b"old")

    def failing(config):
        yield from synthetic_blocks(dataclasses.replace(config, count=3))
        raise OSError("disk full")

    monkeypatch.setattr(module, "synthetic_blocks", failing)
    with pytest.raises(OSError, match="disk full"):
        write_synthetic(path, CONFIG)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
