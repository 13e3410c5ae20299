"""Images from arrays, from lists of arrays, and from files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from tjepa_estimators.data.stacked import StackedSamples
from tjepa_estimators.errors import DataError
from tjepa_vision.images.files import find_images, format_of, read_image
from tjepa_vision.pixels import as_array, as_pixels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

__all__ = ["ImageArrays", "ImageFiles", "read_images"]


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
    resize
        Whether an image of another size is scaled, or an error.
    """

    def __init__(self, paths: Sequence[Path], size: tuple[int, int], channels: int, *, resize: bool) -> None:
        super().__init__(np.array([f"{path}" for path in paths]))
        self.size, self.channels, self.resize = size, channels, resize

    def pixels(self, numbers: np.ndarray) -> np.ndarray:
        """Some of them, channels last."""
        paths = self.values[numbers]
        return np.stack([read_image(path, self.size, self.channels, resize=self.resize) for path in paths])

    def gather(self, index: Tensor) -> Tensor:
        """Read and convert."""
        return torch.from_numpy(self.pixels(index.cpu().numpy()))


def read_images(
    items: object, size: tuple[int, int] | None, channels: int | None, *, resize: bool = False
) -> ImageArrays | ImageFiles:
    """Images ``[image height width]``, with channels last if there are any, a list of such, or files.

    Parameters
    ----------
    items
        An array, a list of arrays, a folder, a file, or a list of files.
    size, channels
        What they must have; None takes what they have.
    resize
        Whether files are brought to ``size``.

    Raises
    ------
    DataError
        They cannot be read, or differ from each other or from what is asked.
    """
    paths = find_images(items)
    if paths is None:
        return ImageArrays(_stack(items, size, channels))
    found_size, found_channels = format_of(paths) if size is None or channels is None else (size, channels)
    return ImageFiles(paths, size or found_size, channels or found_channels, resize=resize)


def _stack(items: object, size: tuple[int, int] | None, channels: int | None) -> np.ndarray:
    arrays = [as_array(one) for one in items] if isinstance(items, list | tuple) else as_array(items)
    if isinstance(arrays, list):
        if not arrays:
            raise DataError("There are no images.")
        shapes = {one.shape for one in arrays}
        if len(shapes) > 1:
            raise DataError(f"Images differ in shape: {sorted(shapes)[:4]}; bring them to one size and mode.")
        arrays = np.stack(arrays)
    if arrays.ndim not in {3, 4}:
        msg = (
            f"Images must be [image height width] or [image height width channels], but the shape is {arrays.shape}; "
            "for one image pass image[None]."
        )
        raise DataError(msg)
    values = as_pixels(arrays if arrays.ndim == 4 else arrays[..., None], "The images")
    _check(values.shape[1:], size, channels)
    return values


def _check(shape: tuple[int, ...], size: tuple[int, int] | None, channels: int | None) -> None:
    if size is not None and shape[:2] != tuple(size):
        raise DataError(f"Images are {shape[:2]}, but the settings say size={tuple(size)}; bring them to that size.")
    if channels is not None and shape[2] != channels:
        raise DataError(f"Images have {shape[2]} channels, but the settings say {channels}; convert them first.")
