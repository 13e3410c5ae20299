"""Latents and energies of windows at one resolution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from tjepa_estimators.tasks.anomaly.resolutions import at_resolution
from tjepa_estimators.tasks.energy import ChannelEnergy, Standardised

if TYPE_CHECKING:
    from jaxtyping import Float

    from tjepa_estimators.tasks.latent_forecast import LatentForecaster

__all__ = ["LatentView"]


class LatentView:
    """Windows seen through averages of ``factor`` steps.

    Parameters
    ----------
    forecaster
        Gives the latents of a channel's windows and those that it predicts.
    factor
        Steps that are averaged; 1 takes the windows as they are.
    """

    def __init__(self, forecaster: LatentForecaster, factor: int) -> None:
        self._forecaster, self._factor = forecaster, factor

    def fit(self, windows: Float[np.ndarray, "windows time channels"]) -> Self:
        """Learn the energies of ordinary windows."""
        now, _, ahead = self._latents(windows)
        self._now, self._ahead = ChannelEnergy().fit(now), ChannelEnergy().fit(ahead)
        self._scales = [Standardised().fit(one) for one in self._distances(now, ahead)]
        return self

    def __call__(
        self, windows: Float[np.ndarray, "windows time channels"]
    ) -> tuple[Float[np.ndarray, "windows channels latents"], Float[np.ndarray, "windows channels 3"]]:
        """The mean and the last latent, and three energies: of the window, of its forecast, of the way between."""
        now, last, ahead = self._latents(windows)
        energies = [scale(one) for scale, one in zip(self._scales, self._distances(now, ahead), strict=True)]
        return np.nan_to_num(np.concatenate([now, last], axis=2)), np.stack(energies, axis=2)

    def _distances(
        self, now: Float[np.ndarray, "windows channels dim"], ahead: Float[np.ndarray, "windows channels dim"]
    ) -> list[Float[np.ndarray, "windows channels"]]:
        return [self._now(now), self._ahead(ahead), np.square(ahead - now).mean(axis=2)]

    def _latents(
        self, windows: Float[np.ndarray, "windows time channels"]
    ) -> list[Float[np.ndarray, "windows channels dim"]]:
        count, length, channels = windows.shape
        # channels side by side, time first: each column is averaged on its own
        series = np.moveaxis(windows, 1, 0).reshape(length, count * channels)
        latents = self._forecaster(at_resolution(series, self._factor).T)
        return [part.reshape(count, channels, -1) for part in (latents.now, latents.last, latents.ahead)]
