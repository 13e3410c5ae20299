"""Video files, by imageio and the ffmpeg that comes with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps, ImageSequence

from tjepa_estimators.errors import DataError
from tjepa_vision.paths import find_files

__all__ = ["find_videos", "read_video"]

_SUFFIXES = frozenset({".avi", ".gif", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm"})


def find_videos(items: object) -> list[Path] | None:
    """Paths of video files, as :func:`~tjepa_vision.paths.find_files` finds them; None where the items are no paths.

    Raises
    ------
    DataError
        There is no such folder or file, or no video in it.
    """
    return find_files(items, _SUFFIXES, "video")


def read_video(path: Path, size: tuple[int, int] | None, channels: int) -> np.ndarray:
    """All frames of a file as uint8, in memory: ``[time height width channels]``, scaled to ``size`` if one is given.

    Raises
    ------
    DataError
        The file is damaged, or nothing that reads videos is installed.
    """
    read = _animation if path.suffix.lower() == ".gif" else _film
    try:
        frames = [_frame(frame, size, channels) for frame in read(path)]
    except ImportError as error:
        raise DataError('Video files need imageio; pip install "tjepa-vision[video]".') from error
    except Exception as error:  # each of imageio's backends has errors of its own
        raise DataError(f"{path} cannot be read as a video: {error}. Remove or replace it.") from error
    if not frames:
        raise DataError(f"{path} holds no frames; remove or replace it.")
    return np.stack(frames)


def _animation(path: Path) -> Iterator[np.ndarray]:
    with Image.open(path) as opened:
        for frame in ImageSequence.Iterator(opened):
            yield np.asarray(frame.convert("RGB"))


def _film(path: Path) -> Iterator[np.ndarray]:
    import imageio.v2 as imageio

    reader: Any = imageio.get_reader(path)  # imageio's own types do not say that it can be iterated over
    with reader:
        yield from reader


def _frame(frame: Any, size: tuple[int, int] | None, channels: int) -> np.ndarray:  # noqa: ANN401 - imageio has no types
    image = Image.fromarray(np.asarray(frame)).convert("L" if channels == 1 else "RGB")
    if size is not None and image.size != size[::-1]:
        image = ImageOps.fit(image, size[::-1], Image.Resampling.BILINEAR)
    return np.array(image, dtype=np.uint8).reshape(image.height, image.width, channels)
