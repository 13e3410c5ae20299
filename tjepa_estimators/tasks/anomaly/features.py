"""What a window of several channels shows: the shape of each channel, its level, and how well it was predicted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Self

import numpy as np
import torch
from einops import rearrange
from torch.nn.functional import pad, smooth_l1_loss

from tjepa_estimators.contracts import Masks
from tjepa_estimators.data.gaps import interpolate_gaps
from tjepa_estimators.nn.pooling import masked_mean
from tjepa_estimators.nn.threads import limited_threads, map_batches
from tjepa_estimators.tasks.anomaly.subspace import Subspace

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int
    from torch import Tensor

    from tjepa_estimators.jepa.model import JEPA

__all__ = ["TokenLayout", "WindowFeatures", "WindowReader"]

_HALVES, _QUARTERS = 2, 4
_ROWS, _FEWEST_ROWS = 128, 8
"""Windows times channels in one forward pass, and what smaller passes are filled up to a multiple of: what is judged
beside a window must not change its features, but odd sizes take other paths, with other last digits."""
_STILL = 1e-6
"""Deviations below which a window does not move, and shows no shape."""


@dataclass(frozen=True, slots=True)
class TokenLayout:
    """Which steps of a window each token covers."""

    tokens: int
    patch_length: int
    patch_stride: int

    @property
    def window(self) -> int:
        """Steps of the window; its patches cover it whole."""
        return (self.tokens - 1) * self.patch_stride + self.patch_length

    @property
    def hidden(self) -> int:
        """Tokens at the end that are predicted from those before: a quarter, and at least one."""
        return max(1, self.tokens // _QUARTERS)


@dataclass(frozen=True)  # no slots: the subspaces are kept beside the fields
class WindowFeatures:
    """What a batch of windows shows, in single precision; nothing in it is NaN."""

    shape: Float[np.ndarray, "windows channels latents"]
    """The teacher's mean latent of each half, weighted by how much the window moves in units of the training data:
    the shape of a channel that hardly moves is noise. Zero where nothing was observed."""
    level: Float[np.ndarray, "windows channels parts"]
    """Means of the quarters and the spread: what the normalisation of a window takes out of its latents."""
    error: Float[np.ndarray, "windows channels"]
    """Error of the predicted latents of the last quarter, weighted by how much the steps before move."""
    share: Float[np.ndarray, "windows"]
    """Share of the values that were observed, of the channels that were observed at all; zero where none was."""

    def __len__(self) -> int:
        return len(self.error)

    @classmethod
    def join(cls, parts: Sequence[WindowFeatures]) -> Self:
        """The windows of all parts, in order."""
        return cls(*(np.concatenate([getattr(one, field.name) for one in parts]) for field in fields(cls)))

    def joint(self, part: str) -> Float[np.ndarray, "windows joint"]:
        """``"shape"`` or ``"level"`` of all channels side by side, in double precision."""
        values = getattr(self, part)
        return values.reshape(len(values), -1).astype(np.float64)

    def subspace(self, part: str, seed: int) -> Subspace:
        """Principal directions of a part, found once however many scorers ask for them."""
        if (part, seed) not in self._subspaces:
            self._subspaces[part, seed] = Subspace.fit(self.joint(part), seed)
        return self._subspaces[part, seed]

    @cached_property
    def _subspaces(self) -> dict[tuple[str, int], Subspace]:
        return {}

    def __getitem__(self, chosen: Bool[np.ndarray, "windows"] | Int[np.ndarray, "chosen"] | slice) -> WindowFeatures:
        return WindowFeatures(*(getattr(self, field.name)[chosen] for field in fields(self)))


class WindowReader:
    """Reads features off windows with a pretrained JEPA.

    Parameters
    ----------
    jepa
        In evaluation mode and single precision.
    layout
        Which steps of a window the tokens cover.
    """

    def __init__(self, jepa: JEPA, layout: TokenLayout) -> None:
        self._jepa, self._layout = jepa, layout
        self._seen = layout.window - layout.hidden * layout.patch_stride
        tokens = torch.arange(layout.tokens)
        cut = layout.tokens - layout.hidden
        self._masks = Masks(tokens[:cut].expand(_ROWS, -1), tokens[cut:].expand(_ROWS, 1, -1))

    def __call__(self, windows: Float[np.ndarray, "windows time channels"]) -> WindowFeatures:
        """Read windows in units of the training data (see ``ChannelScale``); NaN marks missing values.

        Gaps are interpolated within the window: a few missing steps must not look like another shape.
        """
        channels = windows.shape[2]
        gappy = rearrange(windows, "windows time channels -> (windows channels) time")
        known = np.isfinite(gappy).mean(axis=1)
        observed = known > 0.0
        rows = interpolate_gaps(torch.from_numpy(gappy)).numpy()
        level, spread = _levels(rows, observed)
        moving = np.flatnonzero(spread > _STILL)
        shape = np.zeros((len(rows), _HALVES * self._jepa.student.dim), np.float32)
        error = np.zeros(len(rows), np.float32)
        shape[moving], error[moving] = self._latents(rows[moving].astype(np.float32))
        shape[moving] *= np.minimum(1.0, spread[moving, None])
        error[moving] *= np.minimum(1.0, _levels(rows[moving, : self._seen], observed[moving])[1])
        parts = np.concatenate([level, np.arcsinh(spread)[:, None]], axis=1, dtype=np.float32)
        shape, parts, error, observed, known = (
            one.reshape(len(windows), channels, *one.shape[1:]) for one in (shape, parts, error, observed, known)
        )
        share = known.sum(axis=1) / np.maximum(observed.sum(axis=1), 1)
        return WindowFeatures(shape, parts, error, share)

    def _latents(
        self, rows: Float[np.ndarray, "rows time"]
    ) -> tuple[Float[np.ndarray, "rows latents"], Float[np.ndarray, "rows"]]:
        batches = torch.from_numpy(rows).split(_ROWS) if len(rows) else ()
        workers = torch.get_num_threads()
        with limited_threads(self._jepa):
            parts = map_batches(self._forward, batches, workers)
        if not parts:
            return np.empty((0, _HALVES * self._jepa.student.dim), np.float32), np.empty(0, np.float32)
        shapes, errors = zip(*parts, strict=True)
        return torch.cat(shapes).numpy(), torch.cat(errors).numpy()

    def _forward(
        self, batch: Float[Tensor, "rows time"]
    ) -> tuple[Float[Tensor, "rows latents"], Float[Tensor, "rows"]]:
        rows = pad(batch, (0, 0, 0, -len(batch) % _FEWEST_ROWS))
        masks = Masks(self._masks.context[: len(rows)], self._masks.targets[: len(rows)])
        tokens = self._jepa.encode(rows)
        bounds = np.linspace(0, self._layout.tokens, _HALVES + 1).astype(int)
        halves = [
            masked_mean(tokens.values[:, low:high], ~tokens.padding[:, low:high]) for low, high in pairwise(bounds)
        ]
        shape = torch.cat(halves, dim=1) / (_HALVES * self._jepa.student.dim) ** 0.5
        output = self._jepa(rows, masks)
        errors = smooth_l1_loss(output.prediction, output.target, reduction="none").mean(dim=-1)
        return shape[: len(batch)], masked_mean(errors.unsqueeze(-1), output.observed).squeeze(-1)[: len(batch)]


def _levels(
    rows: Float[np.ndarray, "rows time"], observed: Bool[np.ndarray, "rows"]
) -> tuple[Float[np.ndarray, "rows quarters"], Float[np.ndarray, "rows"]]:
    """Means of the quarters, and the standard deviation; a quarter without observation gets the mean of the row."""
    known = np.isfinite(rows)
    filled = np.where(known, rows, 0.0)
    mean = filled.sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    spread = np.sqrt((np.where(known, rows - mean[:, None], 0.0) ** 2).sum(axis=1) / np.maximum(known.sum(axis=1), 1))
    starts = np.linspace(0, rows.shape[1], _QUARTERS, endpoint=False).astype(int)
    count = np.add.reduceat(known, starts, axis=1, dtype=np.intp)
    quarters = np.where(count > 0, np.add.reduceat(filled, starts, axis=1) / np.maximum(count, 1), mean[:, None])
    return np.where(observed[:, None], quarters, 0.0) / np.sqrt(_QUARTERS), spread
