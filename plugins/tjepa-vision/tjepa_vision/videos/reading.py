"""Videos from arrays, lists of arrays, gridded frames and files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from tjepa_estimators.errors import DataError
from tjepa_vision.pixels import as_array, as_pixels
from tjepa_vision.videos.files import find_videos, read_video

__all__ = ["Videos", "read_videos"]

Videos: TypeAlias = list[np.ndarray]
"""Frames of each video, ``[time height width channels]``."""

_COLOURS = frozenset({1, 3, 4})


def read_videos(items: object, size: tuple[int, int] | None, channels: int | None, *, resize: bool = False) -> Videos:
    """Videos as arrays with channels.

    Parameters
    ----------
    items
        One video ``[time height width]``; videos ``[video time height width]``, or ``[video time height width
        channels]``; a list of videos, each with or without channels; an xarray object of frames, whose variables are
        channels; a folder, a file or a list of files. Four axes, the last one of 1, 3 or 4, are one video in colour.
    size, channels
        What they must have; None takes what the first one has.
    resize
        Whether files are brought to ``size``.

    Raises
    ------
    DataError
        They cannot be read, or differ from each other or from what is asked.
    """
    paths = find_videos(items)
    if paths is not None:
        videos = [read_video(path, size if resize else None, 1 if channels == 1 else 3) for path in paths]
    else:
        videos = [_video(one, number) for number, one in enumerate(_split(items))]
    if not videos:
        raise DataError("There are no videos.")
    wanted = (*(size or videos[0].shape[1:3]), channels or videos[0].shape[3])
    for number, video in enumerate(videos):
        if video.shape[1:] != wanted:
            name = number if paths is None else f"{paths[number]}"
            msg = f"Video {name} has frames of {video.shape[1:]}, but {wanted} is expected (height, width, channels)."
            raise DataError(msg)
    return videos


def _split(items: Any) -> list[Any]:  # noqa: ANN401 - whatever a user has
    if isinstance(items, list | tuple):
        return list(items)
    if hasattr(items, "data_vars"):
        return [items]
    values = as_array(items)
    is_one = values.ndim == 3 or (values.ndim == 4 and values.shape[-1] in _COLOURS)
    return [values] if is_one else list(values) if values.ndim in {4, 5} else [values]


def _video(item: object, number: int) -> np.ndarray:
    if isinstance(item, str | Path):
        raise DataError("Files and arrays were given in one list; give one kind.")
    values = as_array(item)
    if values.ndim not in {3, 4}:
        msg = (
            f"Video {number} must be [time height width] or [time height width channels], but its shape is "
            f"{values.shape}; for one frame, use the tokenizer 'image-patches'."
        )
        raise DataError(msg)
    return as_pixels(values if values.ndim == 4 else values[..., None], f"Video {number}")
