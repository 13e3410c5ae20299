"""Tubelets of clips on three axes: time, height, width."""

from __future__ import annotations

from typing import TYPE_CHECKING

from einops import rearrange
from torch import nn

from tjepa_vision.patches import PatchEmbedding, ceil_divide

if TYPE_CHECKING:
    from jaxtyping import Int
    from torch import Tensor

    from tjepa_estimators.contracts import Tokens
    from tjepa_vision.videos.settings import VideoTubeletsConfig

__all__ = ["VideoTubelets"]


class VideoTubelets(nn.Module):
    """Cut clips ``[batch time height width channels]`` into tubelets, numbered frame by frame (arXiv 2103.15691).

    Parameters
    ----------
    dim
        Width of a token.
    config
        Fitted settings.

    Examples
    --------
    >>> import torch
    >>> from tjepa_vision.videos.settings import VideoTubeletsConfig
    >>> clips = torch.rand(2, 4, 6, 6, 1)
    >>> tokenizer = VideoTubelets(8, VideoTubeletsConfig(patch=3, tubelet=2).fit_to(clips.numpy()))
    >>> tokenizer.grid(clips), tokenizer(clips).positions.shape
    ((2, 2, 2), torch.Size([2, 8, 3]))
    """

    def __init__(self, dim: int, config: VideoTubeletsConfig) -> None:
        super().__init__()
        self.dim = dim
        self.patch, self.tubelet = config.patch or 1, config.tubelet
        self.embed = PatchEmbedding(self.tubelet * self.patch**2, dim, config.mean, config.std)

    def grid(self, raw: Tensor) -> tuple[int, int, int]:
        """Steps, rows and columns of tubelets."""
        _, frames, height, width, _ = raw.shape
        return frames // self.tubelet, ceil_divide(height, self.patch), ceil_divide(width, self.patch)

    def patches(self, raw: Tensor) -> Tensor:
        """Standardised pixels of each tubelet, ``[batch tokens pixels]``."""
        _, rows, columns = self.grid(raw)
        below, right = rows * self.patch - raw.shape[2], columns * self.patch - raw.shape[3]
        padded = nn.functional.pad(self.embed.scale(raw), (0, 0, 0, right, 0, below))
        return rearrange(
            padded, "batch (t s) (h p) (w q) channels -> batch (t h w) (s p q channels)",
            s=self.tubelet, p=self.patch, q=self.patch,
        )  # fmt: skip

    def forward(self, raw: Tensor, context: Int[Tensor, "batch visible"] | None = None) -> Tokens:  # noqa: ARG002 - the contract; statistics are those of the training data
        """Embed all tubelets."""
        return self.embed(self.patches(raw), self.grid(raw))
