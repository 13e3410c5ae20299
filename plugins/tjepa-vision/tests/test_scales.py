"""What numbers mean: the same pixels give the same tokens in every dtype, or are refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from tjepa_vision.images.settings import ImagePatchesConfig
from tjepa_vision.images.tokenizer import ImagePatches
from tjepa_vision.scales import scale_of
from tjepa_vision.videos.settings import VideoTubeletsConfig

from tjepa_estimators.errors import ConfigError, DataError
from tjepa_estimators.jepa.config import TokenizerConfig

RANDOM = np.random.default_rng(0)
BYTES = RANDOM.integers(0, 256, (4, 8, 6), dtype=np.uint8)
BYTES[0, 0, :2] = 0, 255
IN_OTHER_FORM = {
    "int64": BYTES.astype(np.int64),
    "nested lists": BYTES.tolist(),
    "shares": BYTES / 255.0,
    "shares in single precision": (BYTES / 255.0).astype(np.float32),
    "16 bits": BYTES.astype(np.uint16) * 257,
    "bytes and shares in one list": [BYTES[0], *(BYTES[1:] / 255.0)],
}


def tokens(config, items):
    torch.manual_seed(0)
    return ImagePatches(8, config)(config.rows(items).gather(torch.arange(len(items)))).values


@pytest.mark.parametrize("form", IN_OTHER_FORM)
def test_an_encoder_of_bytes_reads_the_same_pixels_in_other_form_alike(form):
    config = ImagePatchesConfig().fit_to(BYTES)
    assert config.scale == "unit"
    torch.testing.assert_close(tokens(config, IN_OTHER_FORM[form]), tokens(config, BYTES))


@pytest.mark.parametrize("form", IN_OTHER_FORM)
def test_an_encoder_of_pixels_in_other_form_reads_bytes_alike(form):
    config = ImagePatchesConfig().fit_to(IN_OTHER_FORM[form])
    torch.testing.assert_close(tokens(config, BYTES), tokens(config, IN_OTHER_FORM[form]))


@pytest.mark.parametrize("wrong", [BYTES.astype(float), BYTES.astype(int) - 1, BYTES.astype(int) + 1, -(BYTES / 255.0)])
def test_an_encoder_of_bytes_refuses_numbers_of_another_kind(wrong):
    config = ImagePatchesConfig().fit_to(BYTES)
    with pytest.raises(DataError, match="bytes or shares of 1: give uint8, or divide by 255"):
        config.rows(wrong)


def test_shares_may_overshoot_as_filters_make_them():
    config = ImagePatchesConfig().fit_to(BYTES)
    assert len(config.rows(1.2 * BYTES / 255.0 - 0.1)) == 4


def test_an_encoder_of_raw_numbers_takes_all_as_they_are(tmp_path):
    config = ImagePatchesConfig().fit_to(BYTES.astype(np.float32))
    assert config.scale == "raw"
    Image.fromarray(BYTES[0]).save(tmp_path / "one.png")
    for same in (BYTES, BYTES.astype(np.int64), BYTES.astype(np.uint16), BYTES.tolist()):
        torch.testing.assert_close(tokens(config, same), tokens(config, BYTES.astype(np.float64)))
    torch.testing.assert_close(tokens(config, [tmp_path / "one.png"]), tokens(config, BYTES[:1].astype(np.float64)))


def test_zeros_and_ones_mean_the_same_as_whole_numbers_floats_and_booleans():
    masks = BYTES > 100
    config = ImagePatchesConfig().fit_to(masks.astype(int))
    for same in (masks, masks.astype(float), masks.astype(np.uint8)):
        torch.testing.assert_close(tokens(config, same), tokens(config, masks.astype(int)))


@pytest.mark.parametrize("config", [ImagePatchesConfig(), VideoTubeletsConfig(frames=2)])
def test_all_items_are_looked_at_and_not_the_first_ones(config):
    items = [np.full((2, 4, 4), 0.5)] * 3000 + [np.full((2, 4, 4), 280.0)]
    assert config.fit_to(items).scale == "raw"
    assert config.fit_to(items[:-1]).scale == "unit"


def test_videos_follow_the_same_rule(tmp_path):
    videos = np.stack([BYTES, BYTES[::-1]])
    config = VideoTubeletsConfig(frames=4).fit_to(videos)
    expected = config.rows(videos).gather(torch.arange(2))
    assert torch.equal(config.rows(videos.tolist()).gather(torch.arange(2)), expected)
    with pytest.raises(DataError, match=r"Video 0 holds values from .* to 255"):
        config.rows(list(videos.astype(float)))
    raw = VideoTubeletsConfig(frames=4).fit_to(videos.astype(float))
    assert torch.equal(raw.rows(videos).gather(torch.arange(2)), expected.float())


def test_files_hold_bytes(tmp_path):
    Image.fromarray((BYTES[0] > 99).astype(np.uint8)).save(tmp_path / "dark.png")
    assert ImagePatchesConfig().fit_to(tmp_path).scale == "unit"


def test_settings_of_an_older_artifact_read_as_they_did_and_may_be_settled():
    older = ImagePatchesConfig(patch=2, size=(8, 6), channels=1, mean=(0.5,), std=(0.2,))
    assert older.rows(BYTES.astype(float)).gather(torch.arange(4)).max() == 255.0
    assert older.rows(BYTES).gather(torch.arange(4)).dtype == torch.uint8
    assert older.fit_to(BYTES) == ImagePatchesConfig(
        patch=2, size=(8, 6), channels=1, scale="unit", mean=(0.5,), std=(0.2,)
    )


def test_the_scale_is_kept_in_the_settings_of_an_artifact():
    config = TokenizerConfig(kind="image-patches").fit_to(BYTES)
    assert config.options["scale"] == "unit"
    assert config.settings().scale == "unit"


def test_a_scale_of_nothing_unusual_is_that_of_bytes():
    assert scale_of([BYTES, BYTES.astype(np.uint16), BYTES > 3]) == "unit"
    assert scale_of([np.full(3, np.nan)]) == "raw"


@pytest.mark.parametrize("make", [ImagePatchesConfig, VideoTubeletsConfig])
@pytest.mark.parametrize(
    "wrong",
    [{"scale": "bytes"}, {"mean": (0.1, 0.2, 0.3), "channels": 1}, {"mean": (0.1,), "std": (0.1, 0.2)}],
)
def test_impossible_settings_are_refused(make, wrong):
    with pytest.raises(ConfigError, match=r"scale must be|holds . numbers"):
        make(**wrong)


def test_means_of_other_channels_than_the_images_have_are_refused():
    with pytest.raises(ConfigError, match="mean holds 3 numbers, but there are 1 channels"):
        ImagePatchesConfig(mean=(0.1, 0.2, 0.3), std=(1.0, 1.0, 1.0)).fit_to(BYTES)


@pytest.mark.parametrize("trained", ["bool", "uint8", "int64", "float32"])
@pytest.mark.parametrize("read", ["bool", "uint8", "int64", "float32"])
def test_numbers_of_0_and_1_mean_the_same_in_each_dtype(trained, read):
    ones = RANDOM.integers(0, 2, (4, 8, 6))
    config = ImagePatchesConfig().fit_to(ones.astype(trained))
    torch.testing.assert_close(tokens(config, ones.astype(read)), tokens(config, ones.astype(float)))


def test_a_mean_that_is_no_list_is_refused():
    with pytest.raises(ConfigError, match="a number for each channel"):
        ImagePatchesConfig(mean=0.5, std=0.5)
