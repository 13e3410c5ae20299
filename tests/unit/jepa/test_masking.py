"""Laws of the maskers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.jepa.build import build_jepa
from tjepa_estimators.jepa.config import JEPAConfig
from tjepa_estimators.jepa.masking import BlockMasker, FutureMasker, MixedMasker, RandomMasker
from tjepa_estimators.settings import as_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from tjepa_estimators.contracts import Masker, Masks

MASKERS: list[Masker] = [
    RandomMasker(),
    RandomMasker(ratio=0.01),
    RandomMasker(ratio=0.99),
    BlockMasker(),
    BlockMasker(blocks=1, length=0.9),
    BlockMasker(blocks=2, length=0.4),
    BlockMasker(blocks=9, length=0.11),
    FutureMasker(),
    FutureMasker(low=0.01, high=0.99),
    FutureMasker(forget=0.5),
    FutureMasker(low=0.9, high=0.99, forget=1.0),
    MixedMasker((FutureMasker(), BlockMasker()), (0.5, 0.5)),
]


def draw(masker: Masker, tokens: int = 20, batch: int = 4, seed: int = 0) -> Masks:
    return masker(tokens, batch, torch.Generator().manual_seed(seed))


@given(masker=st.sampled_from(MASKERS), tokens=st.integers(2, 64), batch=st.integers(1, 8), seed=st.integers(0, 2**32))
def test_every_masker_splits_any_sequence_into_disjoint_nonempty_parts(
    masker: Masker, tokens: int, batch: int, seed: int
) -> None:
    masks = draw(masker, tokens, batch, seed)
    assert masks.context.shape[0] == masks.targets.shape[0] == batch
    assert masks.context.dtype == masks.targets.dtype == torch.int64
    for context, targets in zip(masks.context.tolist(), masks.targets.flatten(1).tolist(), strict=True):
        assert context
        assert targets
        assert context == sorted(set(context))
        assert not set(context) & set(targets)
        assert set(context) | set(targets) <= set(range(tokens))


@given(masker=st.sampled_from(MASKERS), tokens=st.integers(2, 64), seed=st.integers(0, 2**32))
def test_same_seed_draws_the_same_masks(masker: Masker, tokens: int, seed: int) -> None:
    first, second = draw(masker, tokens, 3, seed), draw(masker, tokens, 3, seed)
    assert torch.equal(first.context, second.context)
    assert torch.equal(first.targets, second.targets)


@pytest.mark.parametrize("masker", MASKERS, ids=repr)
def test_maskers_leave_the_global_random_state_alone(masker: Masker) -> None:
    before = torch.get_rng_state()
    draw(masker)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("masker", MASKERS, ids=repr)
def test_a_single_token_cannot_be_masked(masker: Masker) -> None:
    with pytest.raises(ConfigError, match="at least 2 tokens"):
        draw(masker, tokens=1)


@pytest.mark.parametrize("masker", [RandomMasker(), BlockMasker()], ids=repr)
def test_rows_and_draws_differ(masker: Masker) -> None:
    generator = torch.Generator().manual_seed(0)
    first, second = masker(40, 8, generator), masker(40, 8, generator)
    assert not torch.equal(first.targets, second.targets)
    assert len({tuple(row) for row in first.targets.flatten(1).tolist()}) > 1


@given(tokens=st.integers(2, 64), seed=st.integers(0, 99))
def test_random_masker_covers_every_token_in_order(tokens: int, seed: int) -> None:
    masks = draw(RandomMasker(ratio=0.7), tokens, 2, seed)
    assert masks.targets.shape == (2, 1, min(max(round(0.7 * tokens), 1), tokens - 1))
    assert torch.equal(masks.targets, masks.targets.sort(dim=-1).values)
    everything = torch.cat([masks.context, masks.targets.squeeze(1)], dim=1).sort(dim=1).values
    assert torch.equal(everything, torch.arange(tokens).repeat(2, 1))


def test_random_masker_hides_every_token_equally_often() -> None:
    masks = draw(RandomMasker(ratio=0.5), tokens=10, batch=4000)
    assert masks.targets.flatten().bincount().div(4000).sub(0.5).abs().max() < 0.05


@given(tokens=st.integers(2, 64), seed=st.integers(0, 99))
def test_blocks_are_contiguous(tokens: int, seed: int) -> None:
    targets = draw(BlockMasker(), tokens, 4, seed).targets
    assert (targets.diff(dim=-1) == 1).all()


def test_blocks_have_the_length_asked_for_and_may_overlap() -> None:
    masks = draw(BlockMasker(blocks=3, length=0.2), tokens=20, batch=64)
    assert masks.targets.shape == (64, 3, 4)
    distinct = [len(set(row)) for row in masks.targets.flatten(1).tolist()]
    assert min(distinct) < 12
    assert masks.context.shape == (64, 20 - max(distinct))


def test_a_whole_number_of_blocks_may_come_as_a_float() -> None:
    assert torch.equal(draw(BlockMasker(blocks=3.0)).targets, draw(BlockMasker(blocks=3)).targets)


def test_context_of_overlapping_blocks_is_cut_at_random_places() -> None:
    masks = draw(BlockMasker(), tokens=20, batch=256)
    seen = masks.context.flatten().bincount(minlength=20) > 0
    assert seen.all()


@pytest.mark.parametrize("tokens", range(2, 12))
@pytest.mark.parametrize("masker", [BlockMasker(blocks=2, length=0.45), BlockMasker(blocks=3, length=0.3)], ids=repr)
def test_blocks_never_cover_a_whole_short_sequence(masker: BlockMasker, tokens: int) -> None:
    assert draw(masker, tokens, batch=256).context.shape[1] >= 1


def test_one_block_leaves_its_whole_complement_visible() -> None:
    masks = draw(BlockMasker(blocks=1, length=0.25), tokens=8)
    assert masks.targets.shape == (4, 1, 2)
    assert masks.context.shape == (4, 6)


@given(tokens=st.integers(2, 64), seed=st.integers(0, 99))
def test_future_masker_hides_a_suffix_of_the_share_asked_for(tokens: int, seed: int) -> None:
    masks = draw(FutureMasker(low=0.2, high=0.5), tokens, 2, seed)
    hidden = masks.targets.shape[-1]
    assert max(round(0.2 * tokens), 1) <= hidden <= max(round(0.5 * tokens), 1)
    assert torch.equal(masks.targets, torch.arange(tokens - hidden, tokens).repeat(2, 1, 1))
    assert torch.equal(masks.context, torch.arange(tokens - hidden).repeat(2, 1))


def test_future_masker_reaches_both_ends_of_its_range() -> None:
    generator = torch.Generator().manual_seed(0)
    hidden = {FutureMasker(low=0.2, high=0.5)(10, 1, generator).targets.shape[-1] for _ in range(100)}
    assert hidden == {2, 3, 4, 5}


def test_mixed_masker_draws_by_weight() -> None:
    generator = torch.Generator().manual_seed(0)
    masker = MixedMasker((FutureMasker(), BlockMasker(blocks=2), RandomMasker()), (3.0, 1.0, 0.0))
    blocks = [masker(20, 1, generator).targets.shape[1] for _ in range(400)]
    assert 0.65 < blocks.count(1) / 400 < 0.85
    assert set(blocks) == {1, 2}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: RandomMasker(ratio=0.0), "ratio"),
        (lambda: RandomMasker(ratio=1.0), "ratio"),
        (lambda: RandomMasker(ratio=float("nan")), "ratio"),
        (lambda: BlockMasker(blocks=0), "blocks"),
        (lambda: BlockMasker(blocks=2.5), "whole number"),
        (lambda: BlockMasker(length=-0.1), "length"),
        (lambda: BlockMasker(blocks=5, length=0.2), "below 1"),
        (lambda: FutureMasker(low=0.0), "low"),
        (lambda: FutureMasker(high=1.5), "high"),
        (lambda: FutureMasker(low=0.5, high=0.2), "swap"),
        (lambda: MixedMasker((), ()), "at least one masker"),
        (lambda: MixedMasker((RandomMasker(),), (0.5, 0.5)), "1 maskers and 2 weights"),
        (lambda: MixedMasker((RandomMasker(),), (0.0,)), "not all zero"),
        (lambda: MixedMasker((RandomMasker(), RandomMasker()), (2.0, -1.0)), "not negative"),
    ],
)
def test_impossible_settings_are_refused(make: Callable[[], Masker], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make()


# --- short histories


@given(forget=st.floats(0.0, 1.0), tokens=st.integers(2, 64), seed=st.integers(0, 2**32))
def test_what_is_forgotten_is_the_oldest_part_and_the_future_stays_as_it_is(
    forget: float, tokens: int, seed: int
) -> None:
    whole, short = draw(FutureMasker(), tokens, 3, seed), draw(FutureMasker(forget=forget), tokens, 3, seed)
    assert torch.equal(short.targets, whole.targets)
    assert 1 <= short.context.shape[1] <= whole.context.shape[1]
    assert torch.equal(short.context, whole.context[:, -short.context.shape[1] :])


def test_the_share_of_batches_that_forget_is_as_set_and_every_history_is_left_now_and_then() -> None:
    generator = torch.Generator().manual_seed(0)
    masker = FutureMasker(low=0.2, high=0.2, forget=0.5)
    left = torch.tensor([masker(10, 1, generator).context.shape[1] for _ in range(800)])
    assert set(left.tolist()) == set(range(1, 9))
    assert abs((left < 8).float().mean().item() - 0.5 * 7 / 8) < 0.06


@pytest.mark.parametrize("forget", [-0.1, 1.1, float("nan")])
def test_a_share_of_batches_beyond_all_is_refused(forget: float) -> None:
    with pytest.raises(ConfigError, match="no share of batches"):
        FutureMasker(forget=forget)


def test_what_is_forgotten_changes_no_prediction(tiny_jepa, tiny_encoder) -> None:
    settings = as_settings(JEPAConfig, tiny_jepa | {"quantiles": {}})
    model = build_jepa(settings, "transformer", tiny_encoder).eval()
    masks = draw(FutureMasker(low=0.25, high=0.25, forget=1.0), settings.num_tokens, 3, seed=3)
    forgotten = 4 * int(masks.context[0, 0])
    assert forgotten
    raw = torch.randn(3, 32, generator=torch.Generator().manual_seed(0))
    changed = torch.cat([torch.full((3, forgotten), 1e3), raw[:, forgotten:]], dim=1)
    before, after = model(raw, masks), model(changed, masks)
    assert torch.equal(before.prediction, after.prediction)
    assert torch.equal(before.decoded.quantiles, after.decoded.quantiles)
