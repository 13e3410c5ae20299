"""From evidence for patches of windows to one comparable score for each step of a series."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from tjepa_estimators.tasks.calibration import QuantileScale

if TYPE_CHECKING:
    from jaxtyping import Float, Int

    from tjepa_estimators.data.windows import WindowOrigin, WindowSource
    from tjepa_estimators.tasks.anomaly_scores import Scorer, TokenLayout

__all__ = ["StepScorer", "cover_steps", "top_mean"]

_ROWS = 512
"""Windows times channels in one forward pass."""
_TINY = 1e-3
"""Evidence below this, in units of normalised latents, counts as none; keeps the logarithm finite."""
_FLOOR = 0.1
"""Smallest unit of a scale: a tenth of the evidence, or of standardised evidence."""


class StepScorer:
    """A scorer with the scales that make its evidence comparable.

    The logarithm of the evidence (distances and errors vary by factors) is standardised for each channel and
    token (a patch at the edge of a window is harder to predict), averaged over the highest channels, then over
    the windows that cover a step, and standardised again.

    Parameters
    ----------
    scorer
        Where the evidence comes from.
    layout
        Which steps the tokens of a window cover.
    top_channels
        Channels with the highest evidence that count; the square root of their number if None.
    """

    def __init__(self, scorer: Scorer, layout: TokenLayout, top_channels: int | None) -> None:
        self._scorer, self._layout, self._top_channels = scorer, layout, top_channels

    def fit(self, source: WindowSource, lengths: Sequence[int]) -> list[Float[np.ndarray, "time"]]:
        """Learn what is normal; the scores of the training series of these lengths."""
        self._scorer.fit(source)
        windows = list(self._windows(source, is_training=True))
        self._evidence_scale = QuantileScale.fit(np.concatenate([evidence for evidence, _ in windows]), _FLOOR)
        steps = self._steps(windows, lengths)
        self._score_scale = QuantileScale.fit(np.concatenate(steps), _FLOOR)
        return [self._score_scale(one) for one in steps]

    def __call__(self, source: WindowSource, lengths: Sequence[int]) -> list[Float[np.ndarray, "time"]]:
        """Score the steps of series of these lengths; NaN where there is no evidence."""
        return [self._score_scale(one) for one in self._steps(self._windows(source), lengths)]

    def _windows(
        self, source: WindowSource, *, is_training: bool = False
    ) -> Iterator[tuple[Float[np.ndarray, "batch channels tokens"], WindowOrigin]]:
        size = max(1, _ROWS // source.gather(torch.tensor([0])).shape[2])
        for index in torch.arange(len(source)).split(size):
            origin = source.origin(index)
            evidence = self._scorer(source.gather(index), origin if is_training else None)
            yield np.log(evidence.numpy() + _TINY), origin

    def _steps(
        self,
        windows: Iterable[tuple[Float[np.ndarray, "batch channels tokens"], WindowOrigin]],
        lengths: Sequence[int],
    ) -> list[Float[np.ndarray, "time"]]:
        parts = [
            (top_mean(self._evidence_scale(evidence), self._top_channels), origin.series.numpy(), origin.end.numpy())
            for evidence, origin in windows
        ]
        evidence, series, end = (np.concatenate(side) for side in zip(*parts, strict=True))
        return cover_steps(evidence, series, end, self._layout, lengths)


def top_mean(
    evidence: Float[np.ndarray, "batch channels tokens"], count: int | None = None
) -> Float[np.ndarray, "batch tokens"]:
    """Mean over the channels with the highest evidence; NaN where no channel has any.

    Examples
    --------
    >>> top_mean(np.array([[[1.0], [5.0], [np.nan], [3.0]]])).tolist()
    [[4.0]]
    """
    channels = evidence.shape[1]
    count = math.isqrt(channels - 1) + 1 if count is None else min(count, channels)  # the root, rounded up
    highest = -np.sort(-evidence, axis=1)[:, :count]  # NaN sorts last, so it counts only where too few are left
    known = ~np.isnan(highest)
    total = np.where(known, highest, 0.0).sum(axis=1)
    return np.where(known.any(axis=1), total / np.maximum(known.sum(axis=1), 1), np.nan)


def cover_steps(
    evidence: Float[np.ndarray, "batch tokens"],
    series: Int[np.ndarray, "batch"],
    end: Int[np.ndarray, "batch"],
    layout: TokenLayout,
    lengths: Sequence[int],
) -> list[Float[np.ndarray, "time"]]:
    """Mean over the windows, and the patches in them, that cover a step; NaN where none has evidence.

    Parameters
    ----------
    evidence
        For each window and token.
    series, end
        Where each window comes from.
    layout
        Which steps the tokens of a window cover.
    lengths
        Steps of each series.
    """
    first = np.concatenate([[0], np.cumsum(lengths)])
    total, count = np.zeros(first[-1]), np.zeros(first[-1])
    start = end - layout.window
    for token in range(layout.tokens):
        known = ~np.isnan(evidence[:, token])
        step = start[known, None] + token * layout.patch_stride + np.arange(layout.patch_length)
        inside = step >= 0  # windows are padded on the left of their series
        place = (first[series[known], None] + step)[inside]
        given = np.broadcast_to(evidence[known, token, None], step.shape)[inside]
        total += np.bincount(place, given, len(total))
        count += np.bincount(place, minlength=len(count))
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return np.split(mean, first[1:-1])
