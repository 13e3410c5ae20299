"""Averages over blocks: aligned to the end, blind to missing values."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from tjepa_estimators.data.blocks import block_means, last_blocks


@given(size=st.integers(1, 5), blocks=st.integers(1, 6), more=st.integers(0, 4), seed=st.integers(0, 3))
def test_blocks_are_means_that_end_with_the_window(size, blocks, more, seed):
    windows = torch.randn(2, size * blocks + more, generator=torch.Generator().manual_seed(seed)).double()
    windows[windows > 0.8] = torch.nan
    found = last_blocks(windows, size, blocks)
    for block in range(blocks):
        end = windows.shape[1] - (blocks - 1 - block) * size
        expected = windows[:, end - size : end].nanmean(dim=1)
        torch.testing.assert_close(found[:, block], expected, equal_nan=True)


def test_a_size_of_one_takes_the_steps_as_they_are():
    windows = torch.randn(2, 5)
    assert block_means(windows, 1) is windows


def test_what_is_older_than_the_blocks_changes_nothing():
    windows = torch.arange(10.0)[None]
    assert torch.equal(last_blocks(windows, 2, 3), last_blocks(windows[:, 4:], 2, 3))


def test_a_block_of_missing_values_is_missing_and_no_other():
    windows = torch.tensor([[torch.nan, torch.nan, 1.0, torch.nan]])
    assert last_blocks(windows, 2, 2).isnan().tolist() == [[True, False]]
