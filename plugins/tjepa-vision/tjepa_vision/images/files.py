"""Image files, by Pillow: grey, RGB, RGBA, palettes and 16 bits, converted to what is asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from tjepa_estimators.errors import DataError

__all__ = ["find_images", "format_of", "read_image"]

_SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"})
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
_GREY = frozenset({"1", "L", "I;16", "I;16B", "I"})


def find_images(items: object) -> list[Path] | None:
    """Paths of files, where ``items`` is a folder (all files in and below it, sorted), a file or a list of files.

    Raises
    ------
    DataError
        There is no such folder or file, or no image in it.
    """
    if isinstance(items, str | Path):
        folder = Path(items)
        if folder.is_dir():
            found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)
            if not found:
                raise DataError(f"There is no image in {folder}; files that end in {sorted(_SUFFIXES)} are read.")
            return found
        return find_images([folder])
    if not isinstance(items, list | tuple) or not items or not all(isinstance(one, str | Path) for one in items):
        return None
    missing = [f"{path}" for path in items if not Path(path).is_file()]
    if missing:
        raise DataError(f"There is no file {missing[0]!r} ({len(missing)} of {len(items)} are missing).")
    return [Path(path) for path in items]


def format_of(paths: list[Path]) -> tuple[tuple[int, int], int]:
    """Size of the first image, and channels: 1 if all are grey, else 3."""
    headers = [_header(path) for path in paths]
    return headers[0][0], 1 if all(mode in _GREY for _, mode in headers) else 3


def read_image(path: str | Path, size: tuple[int, int], channels: int, *, resize: bool) -> np.ndarray:
    """One image as uint8 ``[height width channels]``.

    Raises
    ------
    DataError
        The file is damaged, has another size, or there is no such mode.
    """
    if channels not in _MODES:
        raise DataError(f"Image files have 1, 3 or 4 channels, but the settings say {channels}.")
    try:
        with Image.open(path) as opened:
            opened.load()
            image = _convert(opened, _MODES[channels])
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise DataError(f"{path} cannot be read as an image: {error}. Remove or replace it.") from error
    height, width = size
    if image.size != (width, height):
        if not resize:
            msg = f"{path} is {image.size[::-1]}, but the images have size={tuple(size)}; set size and resize=True."
            raise DataError(msg)
        image = ImageOps.fit(image, (width, height), Image.Resampling.BILINEAR)
    return np.array(image, dtype=np.uint8).reshape(height, width, channels)


def _header(path: Path) -> tuple[tuple[int, int], str]:
    try:
        with Image.open(path) as opened:
            return (opened.height, opened.width), opened.mode
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise DataError(f"{path} cannot be read as an image: {error}. Remove or replace it.") from error


def _convert(image: Image.Image, mode: str) -> Image.Image:
    if image.mode.startswith("I"):  # Pillow would cut 16 bits off at 255
        image = Image.fromarray((np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8))
    if mode != "RGBA" and (image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info):
        above = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", above.size, "white"), above)
    return image.convert(mode)
