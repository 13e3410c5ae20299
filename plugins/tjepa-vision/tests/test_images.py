"""Images: arrays and files, patches, bad input."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import ExifTags, Image
from tjepa_vision.images.settings import ImagePatchesConfig
from tjepa_vision.images.tokenizer import ImagePatches

from tjepa_estimators.errors import ConfigError, DataError

RANDOM = np.random.default_rng(0)
GREY = RANDOM.integers(0, 256, (4, 8, 6), dtype=np.uint8)


def save(folder, **images):
    for name, image in images.items():
        image.save(folder / f"{name}.png")
    return folder


def test_patches_are_numbered_row_by_row():
    image = np.zeros((1, 4, 4), dtype=np.float32)
    image[0, :2, 2:] = 1.0
    tokenizer = ImagePatches(4, ImagePatchesConfig(patch=2, mean=(0.0,), std=(1.0,), size=(4, 4), channels=1))
    patches = tokenizer.patches(torch.from_numpy(image[..., None]))
    assert patches.sum(dim=-1).tolist() == [[0.0, 4.0, 0.0, 0.0]]
    assert tokenizer(torch.from_numpy(image[..., None])).positions[0].tolist() == [[0, 0], [0, 16], [16, 0], [16, 16]]


def test_whole_numbers_and_shares_of_one_give_the_same_tokens():
    config = ImagePatchesConfig().fit_to(GREY)
    tokenizer = ImagePatches(8, config)
    whole, shares = (config.rows(one).gather(torch.arange(4)) for one in (GREY, GREY / 255.0))
    torch.testing.assert_close(tokenizer(whole).values, tokenizer(shares).values)


def test_training_images_are_standardised_and_a_flat_channel_stays_finite():
    images = np.stack([GREY / 255.0, np.full(GREY.shape, 0.5)], axis=-1)
    config = ImagePatchesConfig().fit_to(images)
    scaled = ImagePatches(8, config).embed.scale(torch.from_numpy(images))
    assert abs(float(scaled[..., 0].mean())) < 1e-5
    assert float(scaled[..., 0].std(correction=0)) == pytest.approx(1.0, abs=1e-4)
    assert float(scaled[..., 1].abs().max()) < 1e-5


def test_a_size_that_is_no_multiple_is_padded_with_the_mean_or_refused():
    config = ImagePatchesConfig(patch=4).fit_to(GREY)
    tokenizer = ImagePatches(8, config)
    raw = config.rows(GREY).gather(torch.arange(4))
    assert tokenizer.grid(raw) == (2, 2)
    right = tokenizer.patches(raw)[:, 1].reshape(4, 4, 4)
    assert float(right[:, :, 2:].abs().max()) == 0.0
    with pytest.raises(ConfigError, match="no multiple of patch=4"):
        ImagePatchesConfig(patch=4, odd_size="refuse").fit_to(GREY)


def test_files_of_all_modes_become_what_is_asked(tmp_path):
    grey = Image.fromarray(GREY[0])
    clear = Image.new("RGBA", grey.size, (0, 0, 0, 0))
    folder = save(
        tmp_path, a_grey=grey, b_colour=grey.convert("RGB"), c_palette=grey.convert("P"), d_clear=clear,
        e_long=Image.fromarray(GREY[0].astype(np.uint16) * 256),
    )  # fmt: skip
    config = ImagePatchesConfig().fit_to(folder)
    assert (config.size, config.channels) == ((8, 6), 3)
    raw = config.rows(folder).gather(torch.arange(5)).numpy()
    for number in (0, 1, 2, 4):
        np.testing.assert_array_equal(raw[number], np.repeat(GREY[0][..., None], 3, axis=-1))
    assert (raw[3] == 255).all(), "what is transparent is laid over white"
    alone = ImagePatchesConfig(channels=1).fit_to(folder).rows([folder / "b_colour.png"])
    np.testing.assert_array_equal(alone.gather(torch.tensor([0])).numpy()[0, ..., 0], GREY[0])


def test_a_folder_of_grey_files_has_one_channel(tmp_path):
    folder = save(tmp_path, one=Image.fromarray(GREY[0]), two=Image.fromarray(GREY[1]))
    assert ImagePatchesConfig().fit_to(folder).channels == 1
    same = ImagePatchesConfig().rows(GREY[:2]).gather(torch.arange(2))
    torch.testing.assert_close(ImagePatchesConfig().rows(folder).gather(torch.arange(2)), same)


def test_files_of_another_size_are_refused_or_resized_as_asked(tmp_path):
    folder = save(tmp_path, one=Image.fromarray(GREY[0]), two=Image.new("L", (20, 10), 7))
    with pytest.raises(DataError, match=r"two.png is \(10, 20\).*resize=True"):
        ImagePatchesConfig().fit_to(folder)
    resized = ImagePatchesConfig(size=(8, 6), resize=True).fit_to(folder)
    raw = resized.rows(folder).gather(torch.tensor([1]))
    assert raw.shape == (1, 8, 6, 1)
    assert (raw == 7).all()


def test_a_damaged_file_is_named(tmp_path):
    folder = save(tmp_path, good=Image.fromarray(GREY[0]))
    (folder / "half.png").write_bytes((folder / "good.png").read_bytes()[:60])
    with pytest.raises(DataError, match=r"half.png cannot be read as an image"):
        ImagePatchesConfig().fit_to(folder)


@pytest.mark.parametrize(("values", "kind"), [(GREY[0] / 255.0, "floats"), (GREY[0].astype(np.int32), "whole numbers")])
def test_files_of_numbers_that_are_no_bytes_are_refused(tmp_path, values, kind):
    Image.fromarray(values.astype(np.float32) if kind == "floats" else values).save(tmp_path / "one.tif")
    with pytest.raises(DataError, match=rf"one.tif holds {kind}.*give arrays"):
        ImagePatchesConfig().fit_to(tmp_path)


def test_greys_of_16_bits_become_bytes_in_all_formats(tmp_path):
    wide = GREY[0].astype(np.uint16) * 257
    for suffix in ("png", "tif"):
        Image.fromarray(wide).save(tmp_path / f"one.{suffix}")
    (tmp_path / "one.pgm").write_bytes(b"P5 6 8 65535\n" + wide.astype(">u2").tobytes())
    for raw in ImagePatchesConfig().fit_to(tmp_path).rows(tmp_path).gather(torch.arange(3)):
        np.testing.assert_array_equal(raw[..., 0].numpy(), GREY[0])


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
def test_pictures_are_turned_as_their_exif_data_say(tmp_path, suffix):
    picture = Image.new("L", (6, 8), 0)
    picture.paste(250, (0, 0, 6, 4))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    picture.save(tmp_path / f"turned.{suffix}", exif=exif)
    config = ImagePatchesConfig().fit_to(tmp_path)
    assert config.size == (6, 8)
    shown = config.rows(tmp_path).gather(torch.tensor([0])).numpy()[0, ..., 0]
    assert (shown[:, :4] < 20).all()
    assert (shown[:, 4:] > 230).all()


def test_a_file_of_too_many_pixels_is_named(tmp_path, monkeypatch):
    folder = save(tmp_path, large=Image.fromarray(GREY[0]))
    config = ImagePatchesConfig().fit_to(folder)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    for reading in (lambda: config.rows(folder).gather(torch.tensor([0])), lambda: ImagePatchesConfig().fit_to(folder)):
        with pytest.raises(DataError, match=r"large.png cannot be read as an image: .*exceeds limit"):
            reading()


@pytest.mark.parametrize(
    ("items", "message"),
    [
        (GREY[0], "for one image pass"),
        ([], "no images"),
        ([GREY[0], GREY[1][:4]], "differ in shape"),
        (np.full((2, 4, 4), np.nan), "missing or infinite"),
        (np.array([["a"]]), "for one image pass"),
        (np.full((2, 4, 4), "a"), "not numbers"),
        (np.zeros((0, 4, 4)), "empty"),
        ("no such folder", "no file 'no such folder'"),
        ("to be or not to be " * 300, "no file 'to be"),
        (["to be or not to be " * 300], "no file 'to be"),
    ],
)
def test_what_is_no_stack_of_images_is_refused(items, message):
    with pytest.raises(DataError, match=message):
        ImagePatchesConfig().fit_to(items)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match="no image in"):
        ImagePatchesConfig().rows(tmp_path)


def test_images_that_do_not_fit_the_settings_are_refused():
    config = ImagePatchesConfig().fit_to(GREY)
    with pytest.raises(DataError, match=r"Images are \(8, 8\), but the settings say size=\(8, 6\)"):
        config.rows(np.zeros((2, 8, 8)))
    with pytest.raises(DataError, match="3 channels, but the settings say 1"):
        config.rows(np.zeros((2, 8, 6, 3)))


@pytest.mark.parametrize(
    "wrong", [{"patch": 0}, {"odd_size": "crop"}, {"resize": True}, {"patch": 9, "size": (8, 8)}, {"channels": 0}]
)
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(ConfigError):
        ImagePatchesConfig(**wrong)


def test_exif_data_that_cannot_be_read_turn_nothing(tmp_path):
    pixels = np.arange(48, dtype=np.uint8).reshape(6, 8)
    Image.fromarray(pixels).save(tmp_path / "odd.png", exif=b"Exif\0\0" + b"garbage!" * 4)
    found = ImagePatchesConfig(patch=2).fit_to(tmp_path)
    assert found.size == (6, 8)
    np.testing.assert_array_equal(found.rows(tmp_path).pixels(np.array([0]))[0, ..., 0], pixels)
