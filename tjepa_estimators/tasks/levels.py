"""Level and spread of a window beside those of its channel in training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
import torch
from einops import rearrange

from tjepa_estimators.data.scaling import instance_stats

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["ChannelLevels"]


class ChannelLevels:
    """Three numbers for each channel of a window: level, its distance from the usual one, and spread.

    In deviations of the channel's training values, as inverse hyperbolic sines: a channel that was constant in
    training must not drown all others when it wakes up.

    Examples
    --------
    >>> windows = np.random.default_rng(0).normal(size=(20, 50, 1))
    >>> ChannelLevels().fit(windows)(windows + 3.0)[0, 0].round(1).tolist()
    [1.9, 1.9, 0.8]
    """

    def fit(self, windows: Float[np.ndarray, "windows time channels"]) -> Self:
        """Learn level and spread of each channel."""
        self._mean, self._std = _stats(rearrange(windows, "windows time channels -> channels (windows time)"))
        return self

    def __call__(self, windows: Float[np.ndarray, "windows time channels"]) -> Float[np.ndarray, "windows channels 3"]:
        """The usual level and no spread where nothing was observed."""
        rows = rearrange(windows, "windows time channels -> (windows channels) time")
        mean, std = (part.reshape(len(windows), -1) for part in _stats(rows))
        observed = np.isfinite(windows).any(axis=1)
        level = np.where(observed, np.arcsinh((mean - self._mean) / self._std), 0.0)
        spread = np.where(observed, np.arcsinh(std / self._std), 0.0)
        return np.stack([level, np.abs(level), spread], axis=2)


def _stats(rows: Float[np.ndarray, "rows time"]) -> tuple[Float[np.ndarray, "rows"], Float[np.ndarray, "rows"]]:
    stats = instance_stats(torch.from_numpy(np.array(rows, dtype=np.float64)))
    return stats.mean[:, 0].numpy(), stats.std[:, 0].numpy()
