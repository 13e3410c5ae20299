"""Anomaly scorers: how abnormal each patch of a window is, judged in latent space.

A scorer sees windows of all channels, works on each channel alone and gives evidence for each token. What it
means in time, across channels and beside other scorers is the business of :mod:`tjepa_estimators.tasks.anomaly`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

import torch
from einops import rearrange
from torch.nn.functional import smooth_l1_loss

from tjepa_estimators.contracts import Masks
from tjepa_estimators.data.scaling import InstanceStats, instance_stats, normalize
from tjepa_estimators.nn.pooling import masked_mean

if TYPE_CHECKING:
    from jaxtyping import Bool, Float
    from torch import Tensor

    from tjepa_estimators.data.windows import WindowOrigin, WindowSource
    from tjepa_estimators.jepa.model import JEPA

__all__ = ["SCORERS", "NeighbourDistance", "PredictionError", "Scorer", "ScorerContext", "TokenLayout"]

_PARTS = 4
"""Runs of tokens that a window is cut into: each is a quarter, what pretraining hides at once."""
_BATCH = 256
"""Windows read at once while training windows are remembered."""


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

    def runs(self) -> list[range]:
        """Consecutive tokens in up to four runs of nearly equal length."""
        bounds = [round(part * self.tokens / _PARTS) for part in range(_PARTS + 1)]
        return [range(low, high) for low, high in pairwise(bounds) if high > low]

    def steps(self, run: range) -> slice:
        """The steps that the tokens of a run cover."""
        return slice(run.start * self.patch_stride, (run.stop - 1) * self.patch_stride + self.patch_length)


@dataclass(frozen=True, slots=True)
class ScorerContext:
    """What every scorer is built from."""

    jepa: JEPA
    layout: TokenLayout
    neighbours: int
    max_windows: int
    seed: int


class Scorer(Protocol):
    """One kind of evidence that something is abnormal."""

    def fit(self, source: WindowSource) -> None:
        """Remember what is normal from the training windows, which hold all channels."""
        ...

    def __call__(
        self, raw: Float[Tensor, "batch time channels"], origin: WindowOrigin | None = None
    ) -> Float[Tensor, "batch channels tokens"]:
        """Evidence, higher where more abnormal, NaN where there is nothing to judge by.

        ``origin`` is given for training windows: they must not be compared with themselves.
        """
        ...


class PredictionError:
    """How badly the JEPA predicts the latents of each quarter of a window from the other three.

    The teacher is normalised by the visible quarters alone, as in pretraining, so a jump in level or spread is
    an error too. The last quarter is a forecast; the others are filled in from both sides, so that every step of
    a window is judged and not only its end.

    Source: prediction in latent space as I-JEPA (arXiv 2301.08243), its error as the anomaly score.
    """

    def __init__(self, context: ScorerContext) -> None:
        self._jepa, self._layout = context.jepa, context.layout

    def fit(self, source: WindowSource) -> None:
        """Do nothing: what is normal stands in the weights."""

    def __call__(
        self,
        raw: Float[Tensor, "batch time channels"],
        origin: WindowOrigin | None = None,  # noqa: ARG002 - predictions compare with no other window
    ) -> Float[Tensor, "batch channels tokens"]:
        """Smooth-L1 distance of prediction and teacher, averaged over the latent's dimensions."""
        rows = rearrange(raw, "batch time channels -> (batch channels) time")
        runs = self._layout.runs()
        if len(runs) < 2:  # a lone token cannot be predicted from others
            return raw.new_full((raw.shape[0], raw.shape[2], self._layout.tokens), torch.nan)
        evidence = torch.cat([self._errors(rows, run) for run in runs], dim=1)
        return rearrange(evidence, "(batch channels) tokens -> batch channels tokens", channels=raw.shape[2])

    def _errors(self, rows: Float[Tensor, "rows time"], run: range) -> Float[Tensor, "rows hidden"]:
        visible = [token for token in range(self._layout.tokens) if token not in run]
        masks = Masks(torch.tensor(visible).expand(len(rows), -1), torch.tensor([*run]).expand(len(rows), 1, -1))
        output = self._jepa(rows, masks)
        error = smooth_l1_loss(output.prediction, output.target, reduction="none").mean(dim=-1)
        return error.masked_fill(~output.observed, torch.nan).expand(-1, len(run))


class NeighbourDistance:
    """How far each quarter of a window is from the nearest ones of the training windows.

    Quarters are compared at the same place of the window and in the same channel, by the teacher's mean latent
    and by their spread in units of the channel's training deviation, which instance normalisation takes out of
    the latents (its inverse hyperbolic sine: a burst must not drown the shape). The level is left out: most
    series drift, and a new level alone would make all that follows abnormal. Sudden jumps show in the latents.

    Source: a memory of normal features, as PatchCore (arXiv 2106.08265), here of latents of a JEPA's teacher.
    """

    def __init__(self, context: ScorerContext) -> None:
        self._jepa, self._layout = context.jepa, context.layout
        self._neighbours, self._max_windows, self._seed = context.neighbours, context.max_windows, context.seed

    def fit(self, source: WindowSource) -> None:
        """Remember a random subset of the training windows."""
        generator = torch.Generator().manual_seed(self._seed)
        index = torch.randperm(len(source), generator=generator)[: self._max_windows].sort().values
        raw = torch.cat([source.gather(batch) for batch in index.split(_BATCH)])
        self._scale = instance_stats(rearrange(raw, "batch time channels -> channels (batch time)"))
        parts = [self._features(batch) for batch in raw.split(_BATCH)]
        self._memory, self._known = (torch.cat(side) for side in zip(*parts, strict=True))
        self._origin = source.origin(index)

    def __call__(
        self, raw: Float[Tensor, "batch time channels"], origin: WindowOrigin | None = None
    ) -> Float[Tensor, "batch channels tokens"]:
        """Mean distance to the nearest remembered windows."""
        features, known = self._features(raw)
        banned = torch.zeros(len(raw), len(self._memory), dtype=torch.bool)
        if origin is not None:
            banned = (origin.series[:, None] == self._origin.series) & (
                (origin.end[:, None] - self._origin.end).abs() < self._layout.window
            )
        distances = [  # one channel at a time: all of them at once would take gigabytes
            self._nearest(features[:, channel], self._memory[:, channel], self._known[:, channel], banned)
            for channel in range(raw.shape[2])
        ]
        runs = torch.tensor([len(run) for run in self._layout.runs()])
        evidence = torch.stack(distances, dim=1).masked_fill(~known, torch.nan)
        return evidence.repeat_interleave(runs, dim=2)

    def _features(
        self, raw: Float[Tensor, "batch time channels"]
    ) -> tuple[Float[Tensor, "batch channels runs features"], Bool[Tensor, "batch channels runs"]]:
        """Latent and spread of each run of tokens, and whether anything was observed in it."""
        channels = raw.shape[2]
        rows = rearrange(raw, "batch time channels -> (batch channels) time")
        tokens = self._jepa.encode(rows)
        scale = InstanceStats(self._scale.mean.repeat(len(raw), 1), self._scale.std.repeat(len(raw), 1))
        scaled = normalize(rows, scale)
        features, known = [], []
        for run in self._layout.runs():
            keep = ~tokens.padding[:, run.start : run.stop]
            deviation = instance_stats(scaled[:, self._layout.steps(run)]).std
            latent = masked_mean(tokens.values[:, run.start : run.stop], keep)
            features.append(torch.cat([latent, deviation.asinh()], dim=1))
            known.append(keep.any(dim=1))
        return (
            rearrange(
                torch.stack(features, dim=1), "(batch channels) runs dim -> batch channels runs dim", channels=channels
            ),
            rearrange(torch.stack(known, dim=1), "(batch channels) runs -> batch channels runs", channels=channels),
        )

    def _nearest(
        self,
        features: Float[Tensor, "batch runs features"],
        memory: Float[Tensor, "windows runs features"],
        known: Bool[Tensor, "windows runs"],
        banned: Bool[Tensor, "batch windows"],
    ) -> Float[Tensor, "batch runs"]:
        """Mean distance to the nearest; NaN where all are banned or unknown."""
        distance = torch.cdist(  # by differences: the faster way through products loses half of the digits
            rearrange(features, "batch runs features -> runs batch features"),
            rearrange(memory, "windows runs features -> runs windows features"),
            compute_mode="donot_use_mm_for_euclid_dist",
        )
        usable = known.T.unsqueeze(1) & ~banned
        count = min(self._neighbours, len(memory))
        nearest = distance.masked_fill(~usable, torch.inf).topk(count, dim=2, largest=False).values
        return nearest.masked_fill(nearest.isinf(), torch.nan).nanmean(dim=2).T


SCORERS: Mapping[str, Callable[[ScorerContext], Scorer]] = {
    "prediction": PredictionError,
    "neighbours": NeighbourDistance,
}
"""Scorers by the name that :class:`~tjepa_estimators.tasks.anomaly.AnomalyConfig` knows them by."""
