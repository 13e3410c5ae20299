"""Settings of patches of images, and how images are read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from tjepa_vision.images.reading import read_images, scale_of_images
from tjepa_vision.pixels import channel_stats, check_format, fitting_patch
from tjepa_vision.scales import check_scale

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
    scale: str | None = None
    """``"unit"``: numbers are bytes or shares of 1, whatever their dtype, and others are refused; ``"raw"``: all
    numbers are taken as they are, also uint8 and files. None is ``"unit"`` where all numbers that are trained on are
    such, and ``"raw"`` otherwise."""
    mean: tuple[float, ...] | None = None
    """Of each channel; where the scale is not ``"raw"``, in units where uint8 reaches from 0 to 1."""
    std: tuple[float, ...] | None = None
    """Of each channel, in the same units."""

    def __post_init__(self) -> None:
        check_format(self.patch, self.size, self.channels, self.odd_size, self.resize)
        check_scale(self.scale, self.channels, self.mean, self.std)

    def fit_to(self, items: object) -> Self:
        """Take from the items what is not set."""
        if None not in {self.patch, self.size, self.channels, self.scale, self.mean, self.std}:
            return self
        scaled = replace(self, scale=self.scale or scale_of_images(items))
        images = scaled.samples(items)
        numbers = np.unique(np.linspace(0, len(images) - 1, min(len(images), _MOST)).astype(int))
        pixels = images.pixels(numbers)
        height, width = self.size or pixels.shape[1:3]
        mean, std = channel_stats(pixels)
        return replace(
            scaled,
            patch=self.patch or fitting_patch(height, width),
            size=(height, width),
            channels=pixels.shape[-1],
            mean=self.mean or mean,
            std=self.std or std,
        )

    def samples(self, items: object) -> ImageArrays | ImageFiles:
        """The images, one sample each."""
        return read_images(items, self.size, self.channels, self.scale, resize=self.resize)

    def rows(self, items: object) -> ImageArrays | ImageFiles:
        """The same."""
        return self.samples(items)
