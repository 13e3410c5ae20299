"""Clips of videos, gathered by number: frames that clips share are kept once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from tjepa_estimators.data.stacked import StackedSamples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

__all__ = ["Clips"]


class Clips(StackedSamples):
    """Clips ``[time height width channels]`` of one length.

    Parameters
    ----------
    videos
        Frames of each video.
    starts
        Number of the video and first frame of each clip.
    frames
        Frames of a clip.
    """

    def __init__(self, videos: Sequence[np.ndarray], starts: Sequence[tuple[int, int]], frames: int) -> None:
        super().__init__(np.array(starts))
        self.videos, self.frames = videos, frames

    def gather(self, index: Tensor) -> Tensor:
        """Cut the clips out."""
        chosen = self.values[index.cpu().numpy()]
        return torch.from_numpy(
            np.stack([self.videos[video][start : start + self.frames] for video, start in chosen.tolist()])
        )

    def digest(self) -> str:
        """A short identity of the clips' places and of the videos."""
        parts = [super().digest(), str(self.frames), *(StackedSamples(video).digest() for video in self.videos)]
        return StackedSamples(np.array(parts)).digest()
