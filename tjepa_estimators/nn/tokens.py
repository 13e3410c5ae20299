"""Patch tokenizer: a window of a series becomes a sequence of embedded patches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import torch
from einops import rearrange
from torch import nn

from tjepa_estimators.contracts import Tokens
from tjepa_estimators.data.blocks import block_means
from tjepa_estimators.data.scaling import instance_stats, normalize
from tjepa_estimators.errors import ConfigError
from tjepa_estimators.nn.positions import sinusoidal_positions

if TYPE_CHECKING:
    from jaxtyping import Float, Int
    from torch import Tensor

__all__ = ["EMBEDDINGS", "PatchTokenizer", "take_tokens"]


def take_tokens(values: Tensor, index: Int[Tensor, "batch chosen"]) -> Tensor:
    """Pick tokens by index along axis 1; trailing axes are kept."""
    expanded = index.reshape(*index.shape, *[1] * (values.dim() - 2)).expand(*index.shape, *values.shape[2:])
    return values.gather(1, expanded)


class LinearEmbedding(nn.Module):
    """One linear map of a whole patch."""

    def __init__(self, patch_length: int, dim: int) -> None:
        super().__init__()
        self.project = nn.Linear(patch_length, dim)

    def forward(self, patches: Float[Tensor, "batch tokens patch"]) -> Float[Tensor, "batch tokens dim"]:
        return self.project(patches)


class MLPEmbedding(nn.Module):
    """A hidden layer beside the linear map of a whole patch."""

    def __init__(self, patch_length: int, dim: int) -> None:
        super().__init__()
        self.project = nn.Linear(patch_length, dim)
        self.layers = nn.Sequential(nn.Linear(patch_length, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))

    def forward(self, patches: Float[Tensor, "batch tokens patch"]) -> Float[Tensor, "batch tokens dim"]:
        return self.project(patches) + self.layers(patches)


class ConvEmbedding(nn.Module):
    """Two convolutions *inside* a patch; none reaches across patches, so a hidden patch stays hidden."""

    def __init__(self, patch_length: int, dim: int) -> None:
        super().__init__()
        self.local = nn.Conv1d(1, dim, kernel_size=3, padding=1)
        self.reduce = nn.Conv1d(dim, dim, kernel_size=patch_length, groups=dim)

    def forward(self, patches: Float[Tensor, "batch tokens patch"]) -> Float[Tensor, "batch tokens dim"]:
        batch = patches.shape[0]
        hidden = nn.functional.gelu(self.local(rearrange(patches, "batch tokens patch -> (batch tokens) 1 patch")))
        return rearrange(self.reduce(hidden), "(batch tokens) dim 1 -> batch tokens dim", batch=batch)


EMBEDDINGS: Mapping[str, Callable[[int, int], nn.Module]] = {
    "linear": LinearEmbedding,
    "mlp": MLPEmbedding,
    "conv1d": ConvEmbedding,
}


class PatchTokenizer(nn.Module):
    """Cut a window into patches, normalise them by what the student may see, embed them.

    Patches are aligned to the *end* of the window: the most recent patch is always whole, the oldest one
    is padded on the left where the length does not divide. A missing value counts as the mean; a patch
    without any observation is padding.

    Parameters
    ----------
    dim
        Width of a token.
    patch_length
        Steps per patch; 1 makes each time step a token.
    patch_stride
        Steps between the starts of neighbouring patches; less than ``patch_length`` overlaps them.
    embedding
        ``"linear"``, ``"mlp"`` or ``"conv1d"``.
    clip
        Normalised values beyond this are cut off, so that a jump after a flat context cannot explode.

    Examples
    --------
    >>> tokens = PatchTokenizer(dim=8, patch_length=4)(torch.randn(2, 12))
    >>> tokens.values.shape
    torch.Size([2, 3, 8])
    """

    def __init__(
        self,
        dim: int,
        patch_length: int = 24,
        patch_stride: int | None = None,
        embedding: str = "linear",
        clip: float = 8.0,
    ) -> None:
        super().__init__()
        self.dim = dim
        self.patch_length = patch_length
        self.patch_stride = patch_stride or patch_length
        self.clip = clip
        if embedding not in EMBEDDINGS:
            msg = f"embedding={embedding!r} is unknown; choose one of {sorted(EMBEDDINGS)}."
            raise ConfigError(msg)
        self.embed = EMBEDDINGS[embedding](patch_length, dim)

    def num_tokens(self, length: int) -> int:
        """Tokens made of a window of ``length`` steps."""
        return max(0, -(-(length - self.patch_length) // self.patch_stride)) + 1

    def grid(self, raw: Float[Tensor, "batch time"]) -> tuple[int]:
        """Tokens along the one axis, time."""
        return (self.num_tokens(raw.shape[1]),)

    def patches(self, raw: Float[Tensor, "batch time"]) -> Float[Tensor, "batch tokens patch"]:
        """Cut windows into patches, padded with NaN on the left."""
        covered = (self.num_tokens(raw.shape[1]) - 1) * self.patch_stride + self.patch_length
        padded = nn.functional.pad(raw, (covered - raw.shape[1], 0), value=float("nan"))
        return padded.unfold(1, self.patch_length, self.patch_stride)

    def scaled(
        self, raw: Float[Tensor, "batch time"], context: Int[Tensor, "batch visible"] | None = None
    ) -> Float[Tensor, "batch tokens patch"]:
        """Cut windows into normalised patches, NaN where a value is missing; ``context`` as for a call."""
        patches = self.patches(raw)
        visible = patches if context is None else take_tokens(patches, context)
        stats = instance_stats(rearrange(visible, "batch tokens patch -> batch (tokens patch)"))
        flat = rearrange(patches, "batch tokens patch -> batch (tokens patch)")
        return normalize(flat, stats).clamp(-self.clip, self.clip).reshape(patches.shape)

    def summarize(
        self,
        raw: Float[Tensor, "batch time"],
        context: Int[Tensor, "batch visible"],
        hidden: Int[Tensor, "batch hidden"],
    ) -> Float[Tensor, "batch time"]:
        """Shorten windows to their visible patches and, after them, one that all hidden patches are averaged to.

        Patches must not overlap.
        """
        patches = self.patches(raw)
        visible = rearrange(take_tokens(patches, context), "batch tokens patch -> batch (tokens patch)")
        later = take_tokens(patches, hidden.sort(dim=1).values)
        later = rearrange(later, "batch tokens patch -> batch (tokens patch)")
        return torch.cat([visible, block_means(later, hidden.shape[1])], dim=1)

    def forward(self, raw: Float[Tensor, "batch time"], context: Int[Tensor, "batch visible"] | None = None) -> Tokens:
        """Tokenize windows; ``context`` names the tokens whose values may be used for the statistics."""
        scaled = self.scaled(raw, context)
        missing = scaled.isnan()
        weight = next(self.embed.parameters())
        values = self.embed(scaled.masked_fill(missing, 0.0).to(weight.dtype))
        positions = torch.arange(scaled.shape[1], device=raw.device, dtype=weight.dtype)
        positions = positions.reshape(1, -1, 1).expand(scaled.shape[0], -1, -1)
        return Tokens(values + sinusoidal_positions(positions, self.dim), positions, missing.all(dim=-1))
