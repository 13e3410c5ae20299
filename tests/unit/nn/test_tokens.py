"""Laws of the patch tokenizer."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.nn.randomness import scoped_seed
from tjepa_estimators.nn.tokens import EMBEDDINGS, PatchTokenizer, take_tokens


def tokenizer(**settings):
    with scoped_seed(0):
        return PatchTokenizer(**{"dim": 6, "patch_length": 4} | settings).double()


def windows(length=16, batch=3):
    return torch.randn(batch, length, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


@given(length=st.integers(1, 60), patch=st.integers(1, 12), data=st.data())
def test_patches_cover_every_step_and_end_where_the_window_ends(length, patch, data):
    stride = data.draw(st.integers(1, patch))
    cut = PatchTokenizer(dim=2, patch_length=patch, patch_stride=stride)
    patches = cut.patches(torch.arange(float(length))[None])[0]
    assert len(patches) == cut.num_tokens(length)
    assert patches[-1, -1] == length - 1
    seen = patches[~patches.isnan()]
    assert set(seen.tolist()) == set(range(length))
    assert patches[:, -1].diff().eq(stride).all()
    assert not patches[0].isnan().all()


@pytest.mark.parametrize("embedding", EMBEDDINGS)
@pytest.mark.parametrize("patch_length", [1, 4])
def test_tokens_do_not_change_with_level_and_scale(embedding, patch_length):
    tokenize = tokenizer(embedding=embedding, patch_length=patch_length)
    raw = windows()
    assert torch.allclose(tokenize(raw).values, tokenize(1e3 + 50 * raw).values, atol=1e-8)


@pytest.mark.parametrize("embedding", EMBEDDINGS)
def test_a_hidden_patch_changes_no_other_token(embedding):
    tokenize = tokenizer(embedding=embedding)
    raw, context = windows(), torch.tensor([[0, 2, 3]] * 3)
    changed = raw.clone()
    changed[:, 4:8] = 1e4
    before, after = tokenize(raw, context).values, tokenize(changed, context).values
    assert torch.equal(before[:, [0, 2, 3]], after[:, [0, 2, 3]])
    assert not torch.equal(before[:, 1], after[:, 1])


def test_without_a_context_all_values_set_the_scale():
    tokenize, raw = tokenizer(), windows()
    everything = torch.arange(4).repeat(3, 1)
    assert torch.equal(tokenize(raw).values, tokenize(raw, everything).values)
    assert not torch.equal(tokenize(raw).values, tokenize(raw, everything[:, :2]).values)


def test_a_patch_without_any_observation_is_padding():
    raw = windows(batch=1)
    raw[0, 4:8] = torch.nan
    raw[0, 9] = torch.nan
    tokens = tokenizer()(raw)
    assert tokens.padding.tolist() == [[False, True, False, False]]
    assert tokens.values.isfinite().all()


def test_a_missing_value_counts_as_the_mean():
    tokenize, raw, context = tokenizer(), windows(batch=1), torch.tensor([[0, 2, 3]])
    gappy, filled = raw.clone(), raw.clone()
    gappy[0, 5] = torch.nan
    filled[0, 5] = torch.cat([raw[0, :4], raw[0, 8:]]).mean()
    assert torch.allclose(tokenize(gappy, context).values, tokenize(filled, context).values)


def test_a_jump_after_a_flat_context_stays_finite_and_bounded():
    raw = torch.zeros(1, 16, dtype=torch.float64)
    raw[0, 12:] = 1e6
    tokens = tokenizer()(raw, context=torch.tensor([[0, 1, 2]]))
    assert tokens.values.abs().max() < 100


@pytest.mark.parametrize("value", [0.0, 5.0, -1e9, 1e-30])
def test_a_constant_window_gives_finite_tokens(value):
    assert tokenizer()(torch.full((2, 16), value, dtype=torch.float64)).values.isfinite().all()


def test_a_window_shorter_than_a_patch_is_one_token():
    tokens = tokenizer()(windows(length=2))
    assert tokens.values.shape == (3, 1, 6)
    assert not tokens.padding.any()


def test_an_unknown_embedding_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match=r"'fourier' is unknown; choose one of \['conv1d', 'linear', 'mlp'\]"):
        PatchTokenizer(dim=4, embedding="fourier")


@pytest.mark.parametrize("shape", [(2, 5), (2, 5, 3), (2, 5, 3, 2)])
def test_tokens_are_taken_row_by_row(shape):
    values = torch.randn(shape)
    index = torch.tensor([[4, 0, 0], [1, 2, 3]])
    taken = take_tokens(values, index)
    for row in range(2):
        assert torch.equal(taken[row], values[row, index[row]])


def test_a_summary_holds_the_visible_patches_and_one_average_of_the_hidden_ones():
    raw = torch.arange(12.0).repeat(2, 1)
    raw[1, 8] = torch.nan
    visible, hidden = torch.tensor([[0], [0]]), torch.tensor([[2, 1], [1, 2]])
    summary = PatchTokenizer(dim=4, patch_length=4).summarize(raw, visible, hidden)
    assert summary[0].tolist() == [0, 1, 2, 3, 4.5, 6.5, 8.5, 10.5]
    assert summary[1].tolist() == [0, 1, 2, 3, 4.5, 6.5, 9.0, 10.5]


def test_a_summary_of_gaps_is_padding():
    raw = torch.arange(12.0)[None].clone()
    raw[:, 4:] = torch.nan
    tokenizer = PatchTokenizer(dim=4, patch_length=4)
    summary = tokenizer.summarize(raw, torch.tensor([[0]]), torch.tensor([[1, 2]]))
    assert tokenizer(summary).padding.tolist() == [[False, True]]
