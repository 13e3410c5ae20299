"""Channels in units of the training data, so that they can be compared and added."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["ChannelScale"]

_LIMIT = 10.0
"""Deviations beyond which a value counts no more: a channel that breaks out would drown all others."""
_ROUNDING = 1e-9
"""Deviation, as a share of the level, that is no more than rounding."""


@dataclass(frozen=True, slots=True)
class ChannelScale:
    """Mean and standard deviation of each channel in the training data.

    A channel that never varied has no unit. Any departure of it counts as one deviation, up or down: however small,
    it has not been there before; however large, nothing tells how much it means.

    Examples
    --------
    >>> scale = ChannelScale.fit([np.array([[1.0, 5.0], [3.0, 5.0]])])
    >>> scale(np.array([[4.0, 5.0], [0.0, 700.0]])).tolist()
    [[2.0, 0.0], [-2.0, 1.0]]
    """

    mean: Float[np.ndarray, "channels"]
    deviation: Float[np.ndarray, "channels"]
    """Zero where the channel never varied."""

    @classmethod
    def fit(cls, values: Sequence[Float[np.ndarray, "time channels"]]) -> Self:
        """Measure on training series; NaN is left out."""
        joined = np.concatenate(list(values))
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "(Mean of empty|Degrees of freedom)", RuntimeWarning)  # all NaN
            mean, deviation = np.nan_to_num(np.nanmean(joined, axis=0)), np.nan_to_num(np.nanstd(joined, axis=0))
        return cls(mean, np.where(deviation > np.abs(mean) * _ROUNDING, deviation, 0.0))

    def __call__(self, values: Float[np.ndarray, "time channels"]) -> Float[np.ndarray, "time channels"]:
        """Deviations from the mean, at most ten; NaN stays NaN."""
        apart = values - self.mean
        varies = self.deviation > 0.0
        step = np.where(
            np.abs(apart) > np.abs(self.mean) * _ROUNDING, np.sign(apart), np.where(np.isnan(apart), apart, 0.0)
        )
        return np.clip(np.where(varies, apart / np.where(varies, self.deviation, 1.0), step), -_LIMIT, _LIMIT)
