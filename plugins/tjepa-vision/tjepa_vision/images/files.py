"""Image files, by Pillow: grey, RGB, RGBA, palettes and 16 bits, converted to what is asked for."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from tjepa_estimators.errors import DataError
from tjepa_vision.paths import find_files

__all__ = ["find_images", "format_of", "read_image"]

_SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"})
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
_GREY = frozenset({"1", "L", "I;16", "I;16B", "I"})


def find_images(items: object) -> list[Path] | None:
    """Paths of image files, as :func:`~tjepa_vision.paths.find_files` finds them; None where the items are no paths.

    Raises
    ------
    DataError
        There is no such folder or file, or no image in it.
    """
    return find_files(items, _SUFFIXES, "image")


def format_of(paths: list[Path]) -> tuple[tuple[int, int], int]:
    """Size of the first image, upright, and channels: 1 if all are grey, else 3."""
    with _opened(paths[0]) as first:
        _turn(first)
        size = first.height, first.width
    return size, 1 if all(_mode(path) in _GREY for path in paths) else 3


def read_image(path: str | Path, size: tuple[int, int], channels: int, *, resize: bool) -> np.ndarray:
    """One image as uint8 ``[height width channels]``, turned as its EXIF data say.

    Raises
    ------
    DataError
        The file is damaged, too large, has another size or numbers that are no bytes, or there is no such mode.
    """
    if channels not in _MODES:
        raise DataError(f"Image files have 1, 3 or 4 channels, but the settings say {channels}.")
    with _opened(path) as opened:
        opened.load()
        _turn(opened)
        image = _convert(_in_bytes(opened, path), _MODES[channels])
    height, width = size
    if image.size != (width, height):
        if not resize:
            msg = f"{path} is {image.size[::-1]}, but the images have size={tuple(size)}; set size and resize=True."
            raise DataError(msg)
        image = ImageOps.fit(image, (width, height), Image.Resampling.BILINEAR)
    return np.array(image, dtype=np.uint8).reshape(height, width, channels)


@contextmanager
def _opened(path: str | Path) -> Iterator[Image.Image]:
    """The file, whose header is read; whatever is wrong with it is a DataError that names it."""
    try:
        # as an open file: of a path, Pillow 13 maps plain TIFF into memory, and wrongly where it must be turned
        with Path(path).open("rb") as file, Image.open(file) as opened:
            yield opened
    except DataError:
        raise
    except (Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise DataError(f"{path} cannot be read as an image: {error}. Remove or replace it.") from error


def _turn(image: Image.Image) -> None:
    """Upright, if the EXIF data can be read: many files hold some that cannot."""
    with suppress(OSError, SyntaxError, ValueError, KeyError, TypeError, struct.error):
        ImageOps.exif_transpose(image, in_place=True)


def _mode(path: Path) -> str:
    with _opened(path) as opened:
        return opened.mode


def _in_bytes(image: Image.Image, path: str | Path) -> Image.Image:
    """16 bits become 8; Pillow would cut them off at 255."""
    if image.mode not in {"F", "I"} and not image.mode.startswith("I;16"):
        return image
    # 16 bits of PGM, and of PNG in older versions of Pillow, are "I"; elsewhere these are 32 bits in units of their own
    if image.mode == "F" or (image.mode == "I" and image.format not in {"PNG", "PPM"}):
        kind = "floats" if image.mode == "F" else "whole numbers of 32 bits"
        msg = f"{path} holds {kind}, not bytes; read it, such as by np.asarray(PIL.Image.open(path)), and give arrays."
        raise DataError(msg)
    return Image.fromarray((np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8))


def _convert(image: Image.Image, mode: str) -> Image.Image:
    if mode != "RGBA" and (image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info):
        above = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", above.size, "white"), above)
    return image.convert(mode)
