"""Masks on images and clips: where the blocks lie, and what is refused."""

from __future__ import annotations

import pytest
import torch
from tjepa_vision.masks.blocks import ImageBlockMasker
from tjepa_vision.masks.future import FutureFramesMasker
from tjepa_vision.masks.tubes import TubeMasker

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.jepa.config import JEPAConfig, MaskConfig


def draw(masker, grid, seed=0, batch=4):
    tokens = int(torch.tensor(grid).prod())
    return masker.on(grid)(tokens, batch, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("seed", range(5))
def test_a_block_is_a_rectangle_of_the_size_that_is_asked(seed):
    targets = draw(ImageBlockMasker(), (14, 14), seed).targets
    rows, columns = targets // 14, targets % 14
    height, width = (axis.amax(dim=-1) - axis.amin(dim=-1) + 1 for axis in (rows, columns))
    assert (height * width == targets.shape[-1]).all()
    assert 0.13 * 196 <= targets.shape[-1] <= 0.22 * 196
    assert 0.6 <= float(height[0, 0] / width[0, 0]) <= 1.8


def test_the_context_lies_in_a_large_block():
    context = draw(ImageBlockMasker(blocks=1, context_low=0.3, context_high=0.3), (14, 14), batch=16).context
    for axis in (context // 14, context % 14):
        assert int((axis.amax(dim=1) - axis.amin(dim=1)).max()) + 1 <= 8


def test_a_tube_hides_the_same_place_in_every_frame():
    masks = draw(TubeMasker(blocks=2), (5, 4, 4))
    for index in (masks.context, masks.targets[:, 0]):
        places = (index % 16).reshape(4, 5, -1)
        assert (places == places[:, :1]).all()
        assert (index // 16).reshape(4, 5, -1).amin(dim=-1).tolist() == [[0, 1, 2, 3, 4]] * 4


def test_the_last_frames_are_hidden_and_their_number_is_drawn():
    masker, found = FutureFramesMasker(predict_horizon=3, shortest=1), set()
    for seed in range(20):
        masks = draw(masker, (6, 2, 2), seed)
        assert int(masks.context.max()) < int(masks.targets.min())
        found.add(masks.targets.shape[-1] // 4)
    assert found == {1, 2, 3}


def test_a_horizon_beyond_a_short_clip_leaves_one_frame_visible():
    assert draw(FutureFramesMasker(predict_horizon=9), (3, 2, 2)).context.tolist() == [[0, 1, 2, 3]] * 4


def test_masks_are_mixed_by_weight():
    jepa = JEPAConfig(masking=(MaskConfig(kind="tube", weight=0.0), MaskConfig(kind="future-frames", weight=1.0)))
    masks = jepa.masker((4, 2, 2))(16, 2, torch.Generator())
    assert masks.targets.tolist() == [[[12, 13, 14, 15]]] * 2


@pytest.mark.parametrize(
    ("masker", "grid"),
    [
        (ImageBlockMasker(), (2, 4, 4)),
        (ImageBlockMasker(), (1, 1)),
        (TubeMasker(), (4, 4)),
        (TubeMasker(), (4, 1, 1)),
        (FutureFramesMasker(), (1, 4, 4)),
        (FutureFramesMasker(), (8,)),
    ],
)
def test_a_grid_that_does_not_fit_is_refused(masker, grid):
    with pytest.raises(ConfigError, match=r"grid|axes"):
        masker.on(grid)


@pytest.mark.parametrize(
    ("make", "wrong"),
    [
        (ImageBlockMasker, {"blocks": 0}),
        (ImageBlockMasker, {"low": 0.3, "high": 0.2}),
        (ImageBlockMasker, {"aspect_low": 0.0}),
        (TubeMasker, {"context_high": 1.5}),
        (FutureFramesMasker, {"predict_horizon": 0}),
        (FutureFramesMasker, {"predict_horizon": 1, "shortest": 2}),
    ],
)
def test_impossible_settings_are_refused(make, wrong):
    with pytest.raises(ConfigError):
        make(**wrong)
