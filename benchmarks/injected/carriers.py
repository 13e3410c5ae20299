"""Real series to plant anomalies into: a part to learn from, and an untouched stretch without a labelled anomaly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.anomaly.datasets import DATASETS, Labelled, load
from tjepa_estimators.data.domains import load_domain

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["CHANNELS", "DOMAINS", "FEWEST_STEPS", "FROM_EACH", "Carrier", "carriers", "clean_stretch"]

FEWEST_STEPS = 250
_MOST_STEPS = 6000
FROM_EACH = 2
"""Series of a set, the first of those long enough."""
CHANNELS = 4
"""Channels of a series at most, drawn by chance from those that move."""
DOMAINS = ("ecg", "weather_hourly", "webtraffic")
"""Bundled ones whose test part is long enough; their own labels are not used, so an event of theirs may be in it."""


@dataclass(frozen=True)
class Carrier:
    """A series, in units of its training part."""

    group: str
    name: str
    train: Float[np.ndarray, "train channels"]
    clean: Float[np.ndarray, "time channels"]


def carriers(folder: Path) -> Iterator[tuple[list[np.ndarray], list[Carrier]]]:
    """For each group of series the training parts to pretrain on, and the carriers."""
    for dataset in DATASETS:
        series = load(folder, dataset, "evaluation")
        parts = [one.train for one in [*series, *load(folder, dataset, "development")]]
        found = [
            Carrier(dataset, one.name, *_lively(one.train, stretch))
            for one in series
            if len(stretch := clean_stretch(one)) >= FEWEST_STEPS and one.train.std(axis=0).any()
        ]
        yield parts, found[:FROM_EACH]
    for name in DOMAINS:
        domain = load_domain(name)
        pairs = [
            (_filled(train.values), _filled(test.values))
            for train, test in zip(domain.series("train"), domain.series("test"), strict=True)
        ][:FROM_EACH]
        series = [Labelled(name, train, test, np.zeros(len(test), dtype=int)).standardised() for train, test in pairs]
        yield (
            [one.train for one in series],
            [
                Carrier("bundled", f"{name} {place}", *_lively(one.train, one.test[:_MOST_STEPS]))
                for place, one in enumerate(series)
            ],
        )


def clean_stretch(series: Labelled) -> Float[np.ndarray, "time channels"]:
    """The longest stretch of the test part with no label in it, at most its first 6,000 steps."""
    edges = np.flatnonzero(np.diff(np.concatenate([[1], series.labels, [1]])))
    starts, stops = edges[::2], edges[1::2]
    longest = np.argmax(stops - starts)
    return series.test[starts[longest] : stops[longest]][:_MOST_STEPS]


def _lively(
    train: Float[np.ndarray, "train channels"], clean: Float[np.ndarray, "time channels"]
) -> tuple[np.ndarray, np.ndarray]:
    """Some channels of both, none that never changes in the training part: a deviation of it means nothing."""
    moves = np.flatnonzero(train.std(axis=0) > 0)
    some = np.sort(np.random.default_rng(0).permutation(moves)[:CHANNELS])
    return train[:, some], clean[:, some]


def _filled(values: np.ndarray) -> Float[np.ndarray, "time channels"]:
    """Missing values by interpolation, for the rivals that know none."""
    steps, filled = np.arange(len(values)), values.astype(np.float64)
    for channel in filled.T:
        known = ~np.isnan(channel)
        channel[:] = np.interp(steps, steps[known], channel[known])
    return filled
