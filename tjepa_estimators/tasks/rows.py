"""Training rows of a forecaster: which windows, which of them are held out, how much each counts."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from tjepa_estimators.data.gaps import interpolate_gaps
from tjepa_estimators.data.windows import WindowSource

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int
    from torch import Tensor

    from tjepa_estimators.tasks.covariates import Covariates, CovariateScale

__all__ = ["PARTS", "Rows", "TrainingRows"]

PARTS = ("train", "gap", "held_out")
"""Rows to fit on; rows that overlap both; rows to judge by."""

_ENOUGH = 100
"""Whole windows of the longest series from which on windows padded on the left are no longer needed."""
_ENDS = 100
"""Rows on either side that tell one set of rows from another."""
_OBSERVED = 0.5
"""Share of a target that must be observed; the gaps in it are interpolated."""


@dataclass(frozen=True, slots=True)
class Rows:
    """A batch of rows."""

    context: Float[Tensor, "batch time"]
    """The window, NaN where nothing was observed."""
    target: Float[Tensor, "batch horizon"]
    """What came next, gaps interpolated."""
    scale: Float[Tensor, "batch 1"]
    """Deviation of the whole series; errors are measured in it, so that large series do not drown small ones."""
    covariates: Float[Tensor, "batch features"] | None

    def to(self, device: torch.device) -> Rows:
        """The same rows on a device."""
        covariates = None if self.covariates is None else self.covariates.to(device)
        return Rows(self.context.to(device), self.target.to(device), self.scale.to(device), covariates)


class TrainingRows:
    """Windows of a panel with their targets, split in time.

    Parameters
    ----------
    values
        One array ``[time channels]`` per series.
    context_length, horizon
        Steps of the window and of the target.
    validation
        Share of each series, its latest part, that is held out.
    max_rows
        Most rows to use; a random subset where there are more.
    seed
        Seed of the subset.
    covariates, scale
        What is known beside the target, and how it becomes features.
    """

    def __init__(
        self,
        values: Sequence[np.ndarray],
        context_length: int,
        horizon: int,
        *,
        validation: float,
        max_rows: int,
        seed: int,
        covariates: Covariates,
        scale: CovariateScale,
    ) -> None:
        self.horizon = horizon
        self.source = WindowSource(
            values, context_length + horizon, min_observed=_shortest_window(values, context_length, horizon)
        )
        self._covariates, self._covariate_scale = covariates, scale
        self._deviation = np.concatenate([_deviation(one) for one in values])
        self._first_channel = np.concatenate([[0], np.cumsum([one.shape[1] for one in values])[:-1]])
        self._lengths = np.array([len(one) for one in values])
        self._validation, self._seed, self.max_rows = validation, seed, max_rows
        self.index = self._draw(max_rows)

    def _draw(self, max_rows: int) -> dict[str, Int[Tensor, "rows"]]:
        index = _subset(len(self.source), max_rows, self._seed)
        origin = self.source.origin(index)
        lengths = self._lengths[origin.series.numpy()]
        return dict(zip(PARTS, _split(index, origin.end.numpy(), lengths, self.horizon, self._validation), strict=True))

    def with_budget(self, max_rows: int) -> TrainingRows:
        """The same windows with another budget of rows."""
        other = copy.copy(self)
        other.max_rows, other.index = max_rows, self._draw(max_rows)
        return other

    def only(self, part: str) -> TrainingRows:
        """The rows of one part alone."""
        other = copy.copy(self)
        other.index = {name: index if name == part else index[:0] for name, index in self.index.items()}
        return other

    def __len__(self) -> int:
        return sum(len(index) for index in self.index.values())

    def batches(self, part: str, size: int = 4096) -> Iterator[Rows]:
        """The rows of one part."""
        for index in self.index[part].split(size):
            rows = self.rows(index)
            if len(rows.context):
                yield rows

    def usable(self, part: str, size: int = 4096) -> Int[Tensor, "rows"]:
        """The numbers of the windows of one part that have enough in them."""
        chunks = self.index[part].split(size)
        return torch.cat([index[self._usable(self.source.gather(index))] for index in chunks])

    def _usable(self, windows: Float[Tensor, "batch time"]) -> Bool[Tensor, "batch"]:
        context, target = windows[:, : -self.horizon], windows[:, -self.horizon :]
        return (target.isfinite().double().mean(dim=1) >= _OBSERVED) & context.isfinite().any(dim=1)

    def digest(self, part: str = "train") -> str:
        """A short identity of the rows of a part: their number, and the values of the first and the last ones."""
        index = self.index[part]
        ends = self.source.gather(torch.cat([index[:_ENDS], index[-_ENDS:]]))
        return hashlib.sha256(str(len(index)).encode() + ends.numpy().tobytes()).hexdigest()[:16]

    def rows(self, index: Int[Tensor, "batch"]) -> Rows:
        """The rows with these window numbers, less those with too little in them."""
        windows = self.source.gather(index)
        usable = self._usable(windows)
        index, windows = index[usable], windows[usable]
        origin = self.source.origin(index)
        series, first = origin.series.numpy(), origin.end.numpy() - self.horizon
        scale = self._deviation[self._first_channel[series] + origin.channel.numpy()]
        features = None
        if not self._covariates.is_empty:
            features = torch.from_numpy(self._covariate_scale.features(self._covariates, series, first))
        return Rows(
            windows[:, : -self.horizon],
            interpolate_gaps(windows)[:, -self.horizon :],
            torch.from_numpy(scale).unsqueeze(1).to(windows.dtype),
            features,
        )


def _shortest_window(values: Sequence[np.ndarray], context_length: int, horizon: int) -> int | None:
    """Observed steps that a window needs; None (all of them) where the series are long enough for that."""
    longest = max(len(one) for one in values)
    if longest >= context_length + horizon + _ENOUGH:
        return None
    return horizon + min(context_length, max(1, (longest - horizon) // 2))


def _deviation(values: Float[np.ndarray, "time channels"]) -> Float[np.ndarray, "channels"]:
    """Standard deviation of each channel; its level where it does not vary, 1 where that is zero too."""
    seen = np.isfinite(values)
    count = np.maximum(seen.sum(axis=0), 1)
    mean = np.where(seen, values, 0.0).sum(axis=0, dtype=np.float64) / count
    deviation = np.sqrt(np.where(seen, values - mean, 0.0).astype(np.float64).__pow__(2).sum(axis=0) / count)
    level = np.where(mean == 0.0, 1.0, np.abs(mean))
    rounding = max(8 * float(np.finfo(values.dtype).eps), 1e-12)  # as for the windows, see data.scaling
    return np.where(deviation > rounding * level, deviation, level)


def _subset(count: int, most: int, seed: int) -> Int[Tensor, "rows"]:
    """All numbers, or a random subset in ascending order."""
    if count <= most:
        return torch.arange(count)
    generator = torch.Generator().manual_seed(seed)
    if count > 20 * most:  # a permutation of all of them would cost more memory than the rows
        return torch.randint(count, (most,), generator=generator).unique()
    return torch.randperm(count, generator=generator)[:most].sort().values


def _split(
    index: Int[Tensor, "rows"],
    end: Int[np.ndarray, "rows"],
    lengths: Int[np.ndarray, "rows"],
    horizon: int,
    validation: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """Rows that end before the held-out part, rows that reach into it, rows whose target lies in it."""
    cut = lengths - np.maximum(1, np.round(validation * lengths)).astype(int)
    before, after = end <= cut, end - horizon >= cut
    if not (before.any() and after.any()):  # too short for that: let targets overlap, but never look ahead
        before, after = end <= cut, end > cut
    usable = end > horizon

    def chosen(rows: Bool[np.ndarray, "rows"]) -> Tensor:
        return index[torch.from_numpy(rows & usable)]

    return chosen(before), chosen(~before & ~after), chosen(after)
