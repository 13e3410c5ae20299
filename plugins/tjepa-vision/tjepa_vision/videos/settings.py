"""Settings of tubelets of clips, and how clips are read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from tjepa_estimators.errors import ConfigError, DataError
from tjepa_vision.pixels import channel_stats, check_format, fitting_patch
from tjepa_vision.scales import check_scale
from tjepa_vision.videos.clips import Clips
from tjepa_vision.videos.reading import read_videos, scale_of_videos

if TYPE_CHECKING:
    from tjepa_vision.videos.reading import Videos

__all__ = ["VideoTubeletsConfig"]

_FRAMES = 16
"""Of a clip, where no number is given and the videos are long enough."""
_MOST = 500
"""Frames that mean and deviation are taken from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoTubeletsConfig:
    """How clips are cut from videos, and tubelets from clips; what is None follows from what is trained on.

    Examples
    --------
    >>> config = VideoTubeletsConfig(frames=4).fit_to(np.random.default_rng(0).random((2, 10, 8, 8)))
    >>> config.patch, config.size, len(config.samples(np.zeros((2, 10, 8, 8))))
    (2, (8, 8), 14)
    """

    patch: int | None = None
    """Side of a tubelet in pixels, as for images."""
    tubelet: int = 1
    """Frames of a tubelet."""
    frames: int | None = None
    """Frames of a clip; None: those of the shortest video, 16 at most, and whole tubelets."""
    stride: int = 1
    """Frames between the starts of neighbouring clips of one video."""
    size: tuple[int, int] | None = None
    """Height and width of a frame."""
    channels: int | None = None
    """1 grey, 3 RGB, or any number in arrays; files are RGB unless this is 1."""
    odd_size: str = "pad"
    """A size that is no multiple of the patch: ``"pad"`` with the mean below and to the right, or ``"refuse"``."""
    resize: bool = False
    """Scale frames of files to ``size`` and cut them in the middle; else another size is refused."""
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
        if self.tubelet < 1 or self.stride < 1:
            raise ConfigError(f"tubelet={self.tubelet} and stride={self.stride} must be at least 1.")
        if self.frames is not None and (self.frames < 2 or self.frames % self.tubelet):
            msg = f"frames={self.frames} must be 2 or more, and a multiple of tubelet={self.tubelet}."
            raise ConfigError(msg)

    def fit_to(self, items: object) -> Self:
        """Take from the items what is not set."""
        if None not in {self.patch, self.frames, self.size, self.channels, self.scale, self.mean, self.std}:
            return self
        scale = self.scale or scale_of_videos(items)
        videos = self._read(items, scale)
        frames = np.concatenate([video[:: max(1, len(video) * len(videos) // _MOST)] for video in videos])
        height, width, channels = frames.shape[1:]
        mean, std = channel_stats(frames)
        return replace(
            self,
            patch=self.patch or fitting_patch(height, width),
            frames=self.frames or self._fitting_frames(min(map(len, videos))),
            size=(height, width),
            channels=channels,
            scale=scale,
            mean=self.mean or mean,
            std=self.std or std,
        )

    def samples(self, items: object) -> Clips:
        """All clips of all videos."""
        videos, frames = self._fitted(items)
        starts = [(number, start) for number, video in enumerate(videos)
                  for start in range(0, len(video) - frames + 1, self.stride)]  # fmt: skip
        return Clips(videos, starts, frames)

    def rows(self, items: object) -> Clips:
        """One clip for each video, from its middle where it is longer."""
        videos, frames = self._fitted(items)
        return Clips(videos, [(number, (len(video) - frames) // 2) for number, video in enumerate(videos)], frames)

    def _read(self, items: object, scale: str | None) -> Videos:
        return read_videos(items, self.size, self.channels, scale, resize=self.resize)

    def _fitted(self, items: object) -> tuple[Videos, int]:
        videos = self._read(items, self.scale)
        shortest = min(range(len(videos)), key=lambda number: len(videos[number]))
        length = len(videos[shortest])
        frames = self.frames or self._fitting_frames(length)
        if length < frames:
            msg = f"Video {shortest} has {length} frames, but a clip has {frames}; leave it out or lower frames."
            raise DataError(msg)
        return videos, frames

    def _fitting_frames(self, shortest: int) -> int:
        frames = min(shortest, _FRAMES) // self.tubelet * self.tubelet
        if frames < 2:
            msg = (
                f"A video has {shortest} frames, too few for a clip of tubelets of {self.tubelet}; leave it out, or "
                "read single frames as images, with the tokenizer 'image-patches'."
            )
            raise DataError(msg)
        return frames
