"""Images from arrays, from lists of arrays, and from files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from tjepa_estimators.data.stacked import StackedSamples
from tjepa_estimators.errors import DataError
from tjepa_vision.grids import axes_of
from tjepa_vision.images.files import find_images, format_of, read_image
from tjepa_vision.pixels import as_array
from tjepa_vision.scales import UNIT, alike, as_pixels, scale_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

__all__ = ["ImageArrays", "ImageFiles", "read_images", "scale_of_images"]


class ImageArrays(StackedSamples):
    """Images of one size in memory."""

    def pixels(self, numbers: np.ndarray) -> np.ndarray:
        """Some of them, channels last."""
        return self.values[numbers]


class ImageFiles(StackedSamples):
    """Images in files, read when they are needed.

    Parameters
    ----------
    paths
        The files, in the order of their numbers.
    size, channels
        What each is brought to.
    scale
        What its numbers mean.
    resize
        Whether an image of another size is scaled, or an error.
    """

    def __init__(
        self, paths: Sequence[Path], size: tuple[int, int], channels: int, scale: str | None, *, resize: bool
    ) -> None:
        super().__init__(np.array([f"{path}" for path in paths]))
        self.size, self.channels, self.scale, self.resize = size, channels, scale, resize

    def pixels(self, numbers: np.ndarray) -> np.ndarray:
        """Some of them, channels last."""
        paths = self.values[numbers]
        pixels = np.stack([read_image(path, self.size, self.channels, resize=self.resize) for path in paths])
        return as_pixels(pixels, self.scale, "The files")

    def gather(self, index: Tensor) -> Tensor:
        """Read and convert."""
        return torch.from_numpy(self.pixels(index.cpu().numpy()))


def scale_of_images(items: object) -> str:
    """What the numbers of images mean, see :func:`~tjepa_vision.scales.scale_of`; files hold bytes."""
    return UNIT if find_images(items) is not None else scale_of(_parts(items))


def read_images(
    items: object, size: tuple[int, int] | None, channels: int | None, scale: str | None, *, resize: bool = False
) -> ImageArrays | ImageFiles:
    """Images ``[image height width]``, with channels last if there are any, a list of such, or files.

    Parameters
    ----------
    items
        An array, a list of arrays, an xarray object, a folder, a file, or a list or column of files. Axes of xarray are
        read by their names; without one for time they are one image.
    size, channels
        What they must have; None takes what they have.
    scale
        What their numbers mean, see :func:`~tjepa_vision.scales.as_pixels`.
    resize
        Whether files are brought to ``size``.

    Raises
    ------
    DataError
        They cannot be read, or differ from each other or from what is asked.
    """
    paths = find_images(items)
    if paths is None:
        return ImageArrays(_stack(items, size, channels, scale))
    found_size, found_channels = format_of(paths) if size is None or channels is None else (size, channels)
    return ImageFiles(paths, size or found_size, channels or found_channels, scale, resize=resize)


def _parts(items: object) -> list[np.ndarray]:
    """An array for each image of a list, or one of all images."""
    return [as_array(one) for one in (items if isinstance(items, list | tuple) else [items])]


def _is_one(items: object) -> bool:
    """Whether names of axes tell that it is a single image."""
    axes = axes_of(items)
    return axes >= {"height", "width"} and not axes & {"time", None}


def _stack(items: object, size: tuple[int, int] | None, channels: int | None, scale: str | None) -> np.ndarray:
    is_list, parts = isinstance(items, list | tuple) or _is_one(items), _parts(items)
    if not parts:
        raise DataError("There are no images.")
    shapes = {one.shape for one in parts}
    if len(shapes) > 1:
        raise DataError(f"Images differ in shape: {sorted(shapes)[:4]}; bring them to one size and mode.")
    shape = (len(parts), *parts[0].shape) if is_list else parts[0].shape
    if len(shape) not in {3, 4}:
        msg = (
            f"Images must be [image height width] or [image height width channels], but the shape is {shape}; for one "
            "image pass image[None]."
        )
        raise DataError(msg)
    names = (f"Image {number}" if is_list else "The array of images" for number in range(len(parts)))
    pixels = alike([as_pixels(one, scale, name) for one, name in zip(parts, names, strict=True)])
    values = (np.stack(pixels) if is_list else pixels[0]).reshape(shape if len(shape) == 4 else (*shape, 1))
    _check(values.shape[1:], size, channels)
    return values


def _check(shape: tuple[int, ...], size: tuple[int, int] | None, channels: int | None) -> None:
    if size is not None and shape[:2] != tuple(size):
        raise DataError(f"Images are {shape[:2]}, but the settings say size={tuple(size)}; bring them to that size.")
    if channels is not None and shape[2] != channels:
        raise DataError(f"Images have {shape[2]} channels, but the settings say {channels}; convert them first.")
