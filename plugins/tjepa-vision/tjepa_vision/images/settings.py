"""Settings of patches of images, and how images are read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from tjepa_vision.images.reading import read_images
from tjepa_vision.pixels import channel_stats, check_format, fitting_patch

if TYPE_CHECKING:
    from tjepa_vision.images.reading import ImageArrays, ImageFiles

__all__ = ["ImagePatchesConfig"]

_MOST = 2000
"""Images that mean and deviation are taken from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePatchesConfig:
    """How images are cut; what is None follows from what is trained on.

    Examples
    --------
    >>> config = ImagePatchesConfig().fit_to(np.zeros((3, 28, 20), dtype=np.uint8))
    >>> config.patch, config.size, config.channels
    (2, (28, 20), 1)
    """

    patch: int | None = None
    """Side of a patch in pixels; None: a power of two, 16 at most, that cuts the shorter side in six or more."""
    size: tuple[int, int] | None = None
    """Height and width of an image."""
    channels: int | None = None
    """1 grey, 3 RGB, 4 RGBA, or any number in arrays. Files are converted to it; for them, None is 1 where all are
    grey, and 3 otherwise. Transparent pixels are laid over white, unless there are 4."""
    odd_size: str = "pad"
    """A size that is no multiple of the patch: ``"pad"`` with the mean below and to the right, or ``"refuse"``."""
    resize: bool = False
    """Scale files to ``size`` and cut them in the middle; else another size is refused. Arrays are never resized."""
    mean: tuple[float, ...] | None = None
    """Of each channel, in units where uint8 reaches from 0 to 1 and floats are what they are."""
    std: tuple[float, ...] | None = None
    """Of each channel, in the same units."""

    def __post_init__(self) -> None:
        check_format(self.patch, self.size, self.channels, self.odd_size, self.resize)

    def fit_to(self, items: object) -> Self:
        """Take from the items what is not set."""
        if None not in {self.patch, self.size, self.channels, self.mean, self.std}:
            return self
        images = self.samples(items)
        numbers = np.unique(np.linspace(0, len(images) - 1, min(len(images), _MOST)).astype(int))
        pixels = images.pixels(numbers)
        height, width = self.size or pixels.shape[1:3]
        mean, std = channel_stats(pixels)
        return replace(
            self,
            patch=self.patch or fitting_patch(height, width),
            size=(height, width),
            channels=pixels.shape[-1],
            mean=self.mean or mean,
            std=self.std or std,
        )

    def samples(self, items: object) -> ImageArrays | ImageFiles:
        """The images, one sample each."""
        return read_images(items, self.size, self.channels, resize=self.resize)

    def rows(self, items: object) -> ImageArrays | ImageFiles:
        """The same."""
        return self.samples(items)
