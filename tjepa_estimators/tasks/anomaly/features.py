"""What a window of several channels shows: the shape of each channel, what came before, and its level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Self

import numpy as np
import torch
from einops import rearrange
from torch.nn.functional import pad

from tjepa_estimators.contracts import Masks
from tjepa_estimators.data.gaps import interpolate_gaps
from tjepa_estimators.nn.pooling import masked_mean
from tjepa_estimators.nn.threads import limited_threads, map_batches
from tjepa_estimators.tasks.anomaly.subspace import Subspace

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int
    from torch import Tensor

    from tjepa_estimators.contracts import Tokens
    from tjepa_estimators.jepa.model import JEPA

__all__ = ["TokenLayout", "WindowFeatures", "WindowReader"]

_HALVES, _QUARTERS = 2, 4
_ROWS, _FEWEST_ROWS = 512, 8
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
    """The teacher's mean latent of each half of the window, normalised as in pretraining by the steps before its last
    quarter. Weighted by how much these move in units of the training data: the shape of a channel that hardly moves is
    noise. Zero where nothing was observed."""
    context: Float[np.ndarray, "windows channels latents"]
    """The student's mean latent of each half of the steps before the last quarter, weighted alike."""
    level: Float[np.ndarray, "windows channels parts"]
    """Means of the quarters and the spread: what the normalisation of a window takes out of its latents."""
    share: Float[np.ndarray, "windows"]
    """Share of the values that were observed, of the channels that were observed at all; zero where none was."""

    def __len__(self) -> int:
        return len(self.share)

    @classmethod
    def join(cls, parts: Sequence[WindowFeatures]) -> Self:
        """The windows of all parts, in order."""
        return cls(*(np.concatenate([getattr(one, field.name) for one in parts]) for field in fields(cls)))

    def joint(self, part: str) -> Float[np.ndarray, "windows joint"]:
        """One of the fields of all channels side by side, or a part made of them; in double precision.

        ``"newer"`` is the shape of the second half, ``"past"`` the context with the levels of its quarters.
        """
        if part == "newer":
            values = self.shape[:, :, self.shape.shape[2] // _HALVES :]
        elif part == "past":
            values = np.concatenate([self.context, self.level[:, :, : _QUARTERS - 1]], axis=2)
        else:
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
        movement = _levels(rows[:, : self._seen], observed)[1]
        moving = np.flatnonzero(movement > _STILL)
        latents = np.zeros((2, len(rows), _HALVES * self._jepa.student.dim), np.float32)
        latents[:, moving] = self._latents(rows[moving].astype(np.float32)) * np.minimum(1.0, movement[moving, None])
        level = np.concatenate([level, np.arcsinh(spread)[:, None]], axis=1, dtype=np.float32)
        shape, context, level, observed, known = (
            one.reshape(len(windows), channels, *one.shape[1:]) for one in (*latents, level, observed, known)
        )
        share = known.sum(axis=1) / np.maximum(observed.sum(axis=1), 1)
        return WindowFeatures(shape, context, level, share)

    def _latents(self, rows: Float[np.ndarray, "rows time"]) -> Float[np.ndarray, "2 rows latents"]:
        """Shape and context of each row."""
        if not len(rows):
            return np.empty((2, 0, _HALVES * self._jepa.student.dim), np.float32)
        workers = torch.get_num_threads()
        with limited_threads(self._jepa):
            parts = map_batches(self._forward, torch.from_numpy(rows).split(_ROWS), workers)
        return torch.cat(parts, dim=1).numpy()

    def _forward(self, batch: Float[Tensor, "rows time"]) -> Float[Tensor, "2 rows latents"]:
        rows = pad(batch, (0, 0, 0, -len(batch) % _FEWEST_ROWS))
        masks = Masks(self._masks.context[: len(rows)], self._masks.targets[: len(rows)])
        shape = _by_half(self._jepa.encode(rows, masks))
        context = _by_half(self._jepa.student(rows, keep=masks.context))
        return torch.stack([shape, context])[:, : len(batch)]


def _by_half(tokens: Tokens) -> Float[Tensor, "rows latents"]:
    """Mean latent of each half, of the size of one latent together."""
    count, dim = tokens.values.shape[1:]
    bounds = np.linspace(0, count, _HALVES + 1).astype(int)
    halves = [masked_mean(tokens.values[:, low:high], ~tokens.padding[:, low:high]) for low, high in pairwise(bounds)]
    return torch.cat(halves, dim=1) / (_HALVES * dim) ** 0.5


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
