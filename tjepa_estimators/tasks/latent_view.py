"""Latents, energies, codes and novelty of windows at one resolution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from tjepa_estimators.tasks.anomaly.resolutions import at_resolution
from tjepa_estimators.tasks.energy import ChannelEnergy, Standardised
from tjepa_estimators.tasks.latent_forecast import Latents
from tjepa_estimators.tasks.novelty import Novelty

if TYPE_CHECKING:
    from jaxtyping import Float

    from tjepa_estimators.tasks.latent_forecast import LatentForecaster

__all__ = ["LatentView", "Seen"]


@dataclass(frozen=True, slots=True)
class Seen:
    """What one resolution shows of windows."""

    latents: Float[np.ndarray, "windows channels latents"]
    """The mean and the last latent."""
    energies: Float[np.ndarray, "windows channels 3"]
    """Energies of the window, of its forecast, of the way between."""
    codes: Float[np.ndarray, "windows channels shares"]
    """Shares of codes of the window and of its forecast; none without a codebook."""
    novelty: Float[np.ndarray, "windows novelties"]
    """That of the window and of its forecast, all channels together; none where not asked for."""


class LatentView:
    """Windows seen through averages of ``factor`` steps.

    Parameters
    ----------
    forecaster
        Gives the latents of a channel's windows and those that it predicts.
    factor
        Steps that are averaged; 1 takes the windows as they are.
    novelty
        Compare windows with their nearest usual ones, which takes time and memory.
    """

    def __init__(self, forecaster: LatentForecaster, factor: int, *, novelty: bool = False) -> None:
        self._forecaster, self._factor, self._is_compared = forecaster, factor, novelty

    def fit(self, windows: Float[np.ndarray, "windows time channels"]) -> Self:
        """Learn the energies of ordinary windows, and their latents if novelty is asked for."""
        latents = self._latents(windows)
        self._now, self._ahead = ChannelEnergy().fit(latents.now), ChannelEnergy().fit(latents.ahead)
        self._scales = [Standardised().fit(one) for one in self._distances(latents)]
        self._novelties = [Novelty().fit(rows) for rows in _joined(latents)] if self._is_compared else []
        return self

    def __call__(self, windows: Float[np.ndarray, "windows time channels"]) -> Seen:
        """Features in double precision; zeros where nothing was observed."""
        latents = self._latents(windows)
        energies = [scale(one) for scale, one in zip(self._scales, self._distances(latents), strict=True)]
        # without novelty, none are asked for
        novelties = [novelty(rows) for novelty, rows in zip(self._novelties, _joined(latents), strict=False)]
        return Seen(
            np.nan_to_num(np.concatenate([latents.now, latents.last], axis=2)),
            np.stack(energies, axis=2),
            np.nan_to_num(latents.codes),
            np.stack(novelties, axis=1) if novelties else np.empty((len(windows), 0)),
        )

    def _distances(self, latents: Latents) -> list[Float[np.ndarray, "windows channels"]]:
        way = np.square(latents.ahead - latents.now).mean(axis=2)
        return [self._now(latents.now), self._ahead(latents.ahead), way]

    def _latents(self, windows: Float[np.ndarray, "windows time channels"]) -> Latents:
        """Latents with a further axis: windows, then channels."""
        count, length, channels = windows.shape
        # channels side by side, time first: each column is averaged on its own
        series = np.moveaxis(windows, 1, 0).reshape(length, count * channels)
        latents = self._forecaster(at_resolution(series, self._factor).T)
        parts = latents.now, latents.last, latents.ahead, latents.codes
        return Latents(*(part.reshape(count, channels, part.shape[1]) for part in parts))


def _joined(latents: Latents) -> list[Float[np.ndarray, "windows columns"]]:
    """What the window holds and what it lets expect, of all channels side by side."""
    return [np.nan_to_num(part).reshape(len(part), -1) for part in (latents.now, latents.ahead)]
