"""Our detector in its variants; those that differ only in what is fused share one fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.anomaly.encoders import DEFAULT, default_resolutions
from tjepa_estimators.tasks.anomaly import AnomalyConfig, AnomalyTask
from tjepa_estimators.tasks.anomaly.fusion import FUSIONS

if TYPE_CHECKING:
    from jaxtyping import Float

    from benchmarks.anomaly.classical import Score
    from benchmarks.anomaly.datasets import Labelled
    from benchmarks.anomaly.encoders import Encoders

__all__ = ["OursRow", "SharedFits"]

_UNFITTED = {"mean", "max"}
"""Fusions that learn nothing, so that parts of a larger fit can be fused by them."""


@dataclass(frozen=True)
class OursRow:
    """A variant of our detector, on the one encoder of the set.

    Parameters
    ----------
    config
        Fields of :class:`~tjepa_estimators.tasks.anomaly.AnomalyConfig` that are not at their defaults.
    kind
        Which encoder.
    is_trained
        Whether it is pretrained.
    is_drawn
        Whether another seed gives other scores.
    alone
        Of the resolutions that the default takes, this one only; where there is no room for it, the coarsest.
    """

    config: Mapping[str, Any] = field(default_factory=dict)
    kind: str = DEFAULT
    is_trained: bool = True
    is_drawn: bool = True
    alone: int | None = None

    def fit(self, train: Float[np.ndarray, "time channels"], seed: int, encoders: Encoders) -> Score:
        """Learn from a training part; gives back what scores each step of a series."""
        config = {**self.config, "resolutions": self.resolutions(len(train))}
        return self.task(train, seed, encoders, config).score

    def task(
        self, train: Float[np.ndarray, "time channels"], seed: int, encoders: Encoders, config: Mapping[str, Any]
    ) -> AnomalyTask:
        """Fit with another config on the same encoder."""
        make = encoders.pretrained if self.is_trained else encoders.untrained
        return AnomalyTask({**config, "seed": seed}, pretrained=make(seed, self.kind)).fit(train)

    def resolutions(self, steps: int) -> tuple[int, ...]:
        """Those of a detector that is fitted on so many steps."""
        chosen = self.full.resolutions or default_resolutions([steps])
        return chosen if self.alone is None else (max(one for one in chosen if one <= self.alone),)

    @property
    def full(self) -> AnomalyConfig:
        """All settings."""
        return AnomalyConfig(**self.config)

    @property
    def group(self) -> tuple[object, ...]:
        """Rows with the same one can share a fit."""
        others = {name: value for name, value in self.config.items() if name not in {"resolutions", "scores", "fusion"}}
        fusion = "any" if self.full.fusion in _UNFITTED else self.full.fusion
        sees_level = "level" in self.full.scores  # the prediction asks for it
        return (self.kind, self.is_trained, fusion, sees_level, *sorted(others.items()))


class SharedFits:
    """Scores of one series by variants of our detector.

    Each part of a score (a resolution and a scorer) depends on no other part, except on whether level is judged, so
    variants that fuse some of them are read off one fit with all parts that any of them needs.

    Parameters
    ----------
    rows
        All variants that are going to be asked for.
    series, seed, encoders
        What is fitted and scored.
    """

    def __init__(self, rows: Iterable[OursRow], series: Labelled, seed: int, encoders: Encoders) -> None:
        self._rows, self._series, self._seed, self._encoders = list(rows), series, seed, encoders
        self._parts: dict[tuple[object, ...], dict[tuple[int, str], np.ndarray]] = {}

    def __call__(self, row: OursRow) -> Float[np.ndarray, "test"]:
        """Scores of the test part."""
        if row.full.fusion not in _UNFITTED:
            return row.fit(self._series.train, self._seed, self._encoders)(self._series.test)
        if row.group not in self._parts:
            self._parts[row.group] = self._explain(row)
        parts = self._parts[row.group]
        wanted = [
            parts[factor, name] for factor in row.resolutions(len(self._series.train)) for name in row.full.scores
        ]
        return FUSIONS[row.full.fusion]()(np.stack(wanted))

    def _explain(self, row: OursRow) -> dict[tuple[int, str], np.ndarray]:
        """Each part of the scores of all rows of a group."""
        alike, steps = [other for other in self._rows if other.group == row.group], len(self._series.train)
        config = {
            **row.config,
            "resolutions": tuple(sorted({factor for one in alike for factor in one.resolutions(steps)})),
            "scores": tuple(sorted({name for one in alike for name in one.full.scores})),
        }
        told = row.task(self._series.train, self._seed, self._encoders, config).explain(self._series.test)
        return dict(zip(told.names, told.parts, strict=True))
