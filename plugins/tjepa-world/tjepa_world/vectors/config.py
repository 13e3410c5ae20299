"""Settings of vectors: what a token is, and the level and spread of each feature in what was trained on."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from tjepa_estimators.data.stacked import StackedSamples
from tjepa_estimators.errors import ConfigError, DataError
from tjepa_world.scaling import moments
from tjepa_world.vectors.reading import read_vectors

__all__ = ["TOKENS", "VectorsConfig"]

TOKENS = ("feature", "step", "cell")


@dataclass(frozen=True, slots=True, kw_only=True)
class VectorsConfig:
    """How vectors ``[samples features]``, or histories ``[samples steps features]``, become tokens.

    Values are standardised by mean and deviation of all that is trained on, never by those of a sample: the level of a
    state is what it says.

    Examples
    --------
    >>> VectorsConfig(tokens="step").fit_to([[1.0, 10.0], [3.0, 30.0]]).mean
    (2.0, 20.0)
    """

    tokens: str = "feature"
    """``"feature"``: each feature with its history; ``"step"``: each step with its features; ``"cell"``: a number."""
    steps: int | None = None
    """Steps of a sample; follows from the data if None."""
    mean: tuple[float, ...] = ()
    """Mean of each feature; follows from the data if empty."""
    deviation: tuple[float, ...] = ()
    """Standard deviation of each feature; follows from the data if empty, 1 where a feature is constant."""
    clip: float = 10.0
    """Standardised values beyond this are cut off."""

    def __post_init__(self) -> None:
        _require(self.tokens in TOKENS, f"tokens must be one of {TOKENS}", self.tokens)
        _require(self.steps is None or self.steps >= 1, "steps must be at least 1", self.steps)
        _require(self.clip > 0.0, "clip must be positive", self.clip)
        _require(all(map(math.isfinite, self.mean)), "mean must be finite", self.mean)
        _require(all(0.0 < one < math.inf for one in self.deviation), "deviation must be positive", self.deviation)
        _require(
            len(self.mean) == len(self.deviation),
            "mean and deviation must hold one number for each feature",
            (len(self.mean), len(self.deviation)),
        )

    @property
    def features(self) -> int:
        """Features of a vector; 0 before they are known."""
        return len(self.mean)

    def fit_to(self, items: object) -> VectorsConfig:
        """Settings with the shape, means and deviations of the items, where they are not given."""
        values = read_vectors(items)
        fitted = self if self.steps is not None else replace(self, steps=values.shape[1])
        if not fitted.mean:
            mean, deviation = _moments(values.reshape(-1, values.shape[2]))
            fitted = replace(fitted, mean=mean, deviation=deviation)
        fitted.check(values)
        return fitted

    def samples(self, items: object) -> StackedSamples:
        """Samples to train on."""
        return self.rows(items)

    def rows(self, items: object) -> StackedSamples:
        """One sample for each item."""
        values = read_vectors(items)
        self.check(values)
        return StackedSamples(values)

    def check(self, values: np.ndarray) -> None:
        """Refuse samples of another shape than what was trained on.

        Raises
        ------
        DataError
            Steps or features differ.
        """
        if self.features and values.shape[1:] != (self.steps, self.features):
            msg = (
                f"These vectors have {values.shape[1]} steps of {values.shape[2]} features, but the settings are for "
                f"{self.steps} steps of {self.features}."
            )
            raise DataError(msg)


def _moments(rows: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    observed = ~np.isnan(rows)
    if not observed.any(axis=0).all():
        empty = np.flatnonzero(~observed.any(axis=0)).tolist()
        msg = f"features {empty} hold no value at all; leave them out."
        raise DataError(msg)
    mean, deviation = moments(rows, constant=1.0)
    return tuple(mean.tolist()), tuple(deviation.tolist())


def _require(fact: bool, rule: str, given: object) -> None:
    if not fact:
        msg = f"VectorsConfig: {rule}; got {given!r}."
        raise ConfigError(msg)
