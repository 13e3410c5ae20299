"""One resolution: what is normal at it, and standardised evidence for windows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tjepa_estimators.tasks.anomaly.calibration import LogScale
from tjepa_estimators.tasks.anomaly.grid import cut_windows
from tjepa_estimators.tasks.anomaly.resolutions import at_resolution
from tjepa_estimators.tasks.anomaly.scorers import SCORERS

if TYPE_CHECKING:
    from jaxtyping import Float, Int

    from tjepa_estimators.tasks.anomaly.config import AnomalyConfig
    from tjepa_estimators.tasks.anomaly.features import WindowFeatures, WindowReader
    from tjepa_estimators.tasks.anomaly.scorers import Scorer

__all__ = ["Judge", "View"]

_FOLDS = 3
"""Stretches of the training data, each judged by what was learned from the others."""
_ENOUGH = 0.75
"""Of the values that training windows have, which a window needs to be judged: what is mostly gap looks abnormal."""
_REACH = 4
"""Windows of the finest view, in steps, that the evidence of a window counts for at most: the whole window of a coarser
one would be an alarm of many times the length of what caused it."""
_BATCH = 256
"""Windows read at once."""

Judge = Callable[["WindowFeatures", "Int[np.ndarray, 'windows']"], "Float[np.ndarray, 'scorers windows']"]
"""Standardised evidence for windows with these ends; NaN where too little was observed."""


class View:
    """Scorers that look at series through averages of ``factor`` steps.

    Evidence is standardised on training windows, each judged by scorers that learned from other stretches of the
    data: what has been learned by heart would look too normal, and everything new abnormal.

    Parameters
    ----------
    factor
        Steps that are averaged; 1 takes the series as it is.
    reader
        Reads features off windows.
    window, stride
        In averaged steps.
    config
        Which scorers there are, and their settings.

    Attributes
    ----------
    span
        Newest averaged steps of a window that its evidence counts for: all of them in fine views, fewer in coarse ones.
    fewest
        Averaged steps that a series needs for this view to judge it: a window, or the shortest training series. Of a
        window that is mostly padding nothing is known to compare it with.
    """

    def __init__(self, factor: int, reader: WindowReader, window: int, stride: int, config: AnomalyConfig) -> None:
        self.factor, self.reader, self.window, self.stride = factor, reader, window, stride
        self.span = min(window, max(stride, _REACH * window // factor))
        self.names = config.scores
        self._config = config

    def fit(self, values: Sequence[Float[np.ndarray, "time channels"]]) -> Callable[[Sequence[int]], Judge]:
        """Learn what is normal.

        Returns
        -------
        For the numbers of training series, a judge of their windows that has not learned from what it judges. The
        windows of several series come side by side: the first of each, then the second of each.
        """
        blocks = [at_resolution(one, self.factor) for one in values]
        self.fewest = min(self.window, *map(len, blocks))
        series, ends, features = self._observed_windows(blocks)
        place = np.cumsum([0, *map(len, blocks)])[series] + ends
        bounds = np.quantile(place, np.arange(1, _FOLDS) / _FOLDS)
        fold = np.searchsorted(bounds, place, side="left")
        honest = [self._fit_scorers(features[fold != number], features) for number in range(_FOLDS)]
        evidence = np.empty((len(self.names), len(fold)))
        for number in np.unique(fold):
            evidence[:, fold == number] = [scorer(features[fold == number]) for scorer in honest[number]]
        self._scales = [LogScale.fit(one) for one in evidence]
        self._scorers = self._fit_scorers(features, features)
        starts = np.cumsum([0, *map(len, blocks)])
        return lambda numbers: self._honest_judge(honest, bounds, starts[[*numbers]])

    def judge(
        self,
        features: WindowFeatures,
        ends: Int[np.ndarray, "windows"],  # noqa: ARG002 - a Judge
    ) -> Float[np.ndarray, "scorers windows"]:
        """Standardised evidence for windows that were not trained on."""
        return self._standardised(self._scorers, features)

    def contributions(self, features: WindowFeatures) -> Float[np.ndarray, "scorers windows channels"]:
        """Share of each channel in the evidence of each scorer; the shares of a window add up to 1."""
        parts = np.stack([scorer.contributions(features) for scorer in self._scorers])
        total = parts.sum(axis=2, keepdims=True)
        return np.where(total > 0.0, parts / np.where(total > 0.0, total, 1.0), 1.0 / parts.shape[2])

    def _observed_windows(
        self, blocks: Sequence[Float[np.ndarray, "time channels"]]
    ) -> tuple[Int[np.ndarray, "windows"], Int[np.ndarray, "windows"], WindowFeatures]:
        """Windows to learn from that hold enough values; all, where none holds any."""
        series, ends = self._training_windows([len(one) for one in blocks])
        features = self._read(blocks, series, ends)
        usual = np.median(features.share[features.share > 0.0]) if features.share.any() else 1.0
        self._enough = _ENOUGH * min(float(usual), self.fewest / self.window)
        observed = np.flatnonzero(features.share >= self._enough)
        if not len(observed):
            return series, ends, features
        return series[observed], ends[observed], features[observed]

    def _training_windows(
        self, lengths: Sequence[int]
    ) -> tuple[Int[np.ndarray, "windows"], Int[np.ndarray, "windows"]]:
        """Series and end of windows to learn from: all whole ones, or a random part of so many."""
        ends = [np.arange(min(self.window, length), length + 1) for length in lengths]
        series = np.repeat(np.arange(len(lengths)), [len(one) for one in ends])
        joined = np.concatenate(ends)
        most = self._config.max_windows
        if len(joined) > most:
            chosen = np.sort(np.random.default_rng(self._config.seed).choice(len(joined), most, replace=False))
            series, joined = series[chosen], joined[chosen]
        return series, joined

    def _read(
        self,
        blocks: Sequence[Float[np.ndarray, "time channels"]],
        series: Int[np.ndarray, "windows"],
        ends: Int[np.ndarray, "windows"],
    ) -> WindowFeatures:
        parts = []
        for low in range(0, len(ends), _BATCH):
            own, end = series[low : low + _BATCH], ends[low : low + _BATCH]
            cuts = [cut_windows(blocks[number], end[own == number], self.window) for number in np.unique(own)]
            parts.append(self.reader(np.concatenate(cuts)))
        return type(parts[0]).join(parts)

    def _fit_scorers(self, features: WindowFeatures, otherwise: WindowFeatures) -> list[Scorer]:
        """Scorers of these windows; where they are too few to learn from, of the others."""
        known = features if len(features) >= _FOLDS else otherwise
        settings = self._config.scorer_settings()
        return [SCORERS[name](settings).fit(known) for name in self.names]

    def _honest_judge(
        self, honest: Sequence[Sequence[Scorer]], bounds: Float[np.ndarray, "cuts"], starts: Int[np.ndarray, "series"]
    ) -> Judge:
        def judge(features: WindowFeatures, ends: Int[np.ndarray, "windows"]) -> Float[np.ndarray, "scorers windows"]:
            fold = np.searchsorted(bounds, np.tile(starts, len(ends) // len(starts)) + ends, side="left")
            evidence = np.empty((len(self.names), len(ends)))
            for number in np.unique(fold):
                evidence[:, fold == number] = self._standardised(honest[number], features[fold == number])
            return evidence

        return judge

    def _standardised(
        self, scorers: Sequence[Scorer], features: WindowFeatures
    ) -> Float[np.ndarray, "scorers windows"]:
        evidence = np.stack([scale(scorer(features)) for scorer, scale in zip(scorers, self._scales, strict=True)])
        return np.where(features.share >= self._enough, evidence, np.nan)
