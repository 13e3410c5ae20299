"""Patches of images on two axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from einops import rearrange
from torch import nn

from tjepa_vision.patches import PatchEmbedding, ceil_divide

if TYPE_CHECKING:
    from jaxtyping import Int
    from torch import Tensor

    from tjepa_estimators.contracts import Tokens
    from tjepa_vision.images.settings import ImagePatchesConfig

__all__ = ["ImagePatches"]


class ImagePatches(nn.Module):
    """Cut images ``[batch height width channels]`` into square patches, numbered row by row (arXiv 2010.11929).

    Parameters
    ----------
    dim
        Width of a token.
    config
        Fitted settings.

    Examples
    --------
    >>> import torch
    >>> from tjepa_vision.images.settings import ImagePatchesConfig
    >>> images = torch.rand(2, 6, 9, 3)
    >>> tokenizer = ImagePatches(8, ImagePatchesConfig(patch=2).fit_to(images.numpy()))
    >>> tokenizer.grid(images), tokenizer(images).values.shape
    ((3, 5), torch.Size([2, 15, 8]))
    """

    def __init__(self, dim: int, config: ImagePatchesConfig) -> None:
        super().__init__()
        self.dim = dim
        self.patch = config.patch or 1
        self.embed = PatchEmbedding(self.patch**2, dim, config.mean, config.std)

    def grid(self, raw: Tensor) -> tuple[int, int]:
        """Rows and columns of patches."""
        return ceil_divide(raw.shape[1], self.patch), ceil_divide(raw.shape[2], self.patch)

    def patches(self, raw: Tensor) -> Tensor:
        """Standardised pixels of each patch, ``[batch tokens pixels]``."""
        rows, columns = self.grid(raw)
        scaled = self.embed.scale(raw)
        below, right = rows * self.patch - raw.shape[1], columns * self.patch - raw.shape[2]
        padded = nn.functional.pad(scaled, (0, 0, 0, right, 0, below))
        return rearrange(padded, "batch (h p) (w q) channels -> batch (h w) (p q channels)", p=self.patch, q=self.patch)

    def forward(self, raw: Tensor, context: Int[Tensor, "batch visible"] | None = None) -> Tokens:  # noqa: ARG002 - the contract; statistics are those of the training data
        """Embed all patches."""
        return self.embed(self.patches(raw), self.grid(raw))
