"""Videos from arrays, lists of arrays, gridded frames and files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from tjepa_estimators.errors import DataError
from tjepa_vision.grids import axes_of
from tjepa_vision.pixels import as_array
from tjepa_vision.scales import UNIT, alike, as_pixels, scale_of
from tjepa_vision.videos.files import find_videos, read_video

__all__ = ["Videos", "read_videos", "scale_of_videos"]

Videos: TypeAlias = list[np.ndarray]
"""Frames of each video, ``[time height width channels]``."""

_COLOURS = frozenset({1, 3, 4})


def scale_of_videos(items: object) -> str:
    """What the numbers of videos mean, see :func:`~tjepa_vision.scales.scale_of`; files hold bytes."""
    return UNIT if find_videos(items) is not None else scale_of([as_array(one) for one in _split(items)])


def read_videos(
    items: object, size: tuple[int, int] | None, channels: int | None, scale: str | None, *, resize: bool = False
) -> Videos:
    """Videos as arrays with channels.

    Parameters
    ----------
    items
        One video ``[time height width]``; videos ``[video time height width]``, or ``[video time height width
        channels]``; a list of videos, each with or without channels; an xarray object of frames, read by the names of
        its axes; a folder, a file, or a list or column of files. Four axes without names, the last one of 1, 3 or 4,
        are one video in colour.
    size, channels
        What they must have; None takes what the first one has.
    scale
        What their numbers mean, see :func:`~tjepa_vision.scales.as_pixels`.
    resize
        Whether files are brought to ``size``.

    Raises
    ------
    DataError
        They cannot be read, or differ from each other or from what is asked.
    """
    paths = find_videos(items)
    if paths is not None:
        read = (read_video(path, size if resize else None, 1 if channels == 1 else 3) for path in paths)
        videos = [as_pixels(frames, scale, "The file") for frames in read]
    else:
        videos = alike([_video(one, scale, f"Video {number}") for number, one in enumerate(_split(items))])
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
    values = as_array(items)
    axes = axes_of(items)
    if axes >= {"time", "height", "width"}:
        is_one = None not in axes
    else:
        is_coloured = values.ndim == 4 and values.shape[-1] in _COLOURS
        is_one = values.ndim == 3 or is_coloured or hasattr(items, "data_vars")
    return [values] if is_one else list(values) if values.ndim in {4, 5} else [values]


def _video(item: object, scale: str | None, name: str) -> np.ndarray:
    if isinstance(item, str | Path):
        raise DataError("Files and arrays were given in one list; give one kind.")
    values = as_array(item)
    if values.ndim not in {3, 4}:
        msg = (
            f"{name} must be [time height width] or [time height width channels], but its shape is "
            f"{values.shape}; for one frame, use the tokenizer 'image-patches'."
        )
        raise DataError(msg)
    return as_pixels(values if values.ndim == 4 else values[..., None], scale, name)
