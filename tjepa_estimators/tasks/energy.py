"""Energy: how far a latent lies from those of its channel in training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["ChannelEnergy", "Standardised"]

_SHRINKAGE = 0.1
"""Share of an equal spread in all directions: few windows say nothing about most of them."""
_TINY = 1e-9
_FLOOR = 1e-3
"""Distances below it are rounding: the windows of a constant channel are all alike."""
_MOST = 10.0
"""Deviations from the median; more of them say nothing more."""


class ChannelEnergy:
    """Mahalanobis distance to the mean of each channel; all channels share one covariance.

    Examples
    --------
    >>> latents = np.random.default_rng(0).normal(size=(50, 2, 4))
    >>> energy = ChannelEnergy().fit(latents)
    >>> bool(energy(latents + 9.0).min() > energy(latents).max())
    True
    """

    def fit(self, latents: Float[np.ndarray, "windows channels dim"]) -> Self:
        """Learn means and covariance; NaN is left out."""
        self._mean = _nanmean(latents)
        apart = np.nan_to_num(latents - self._mean).reshape(-1, latents.shape[2])
        covariance = apart.T @ apart / max(1, np.isfinite(latents[..., 0]).sum())
        spread = np.trace(covariance) / len(covariance)
        shrunk = (1 - _SHRINKAGE) * covariance + (_SHRINKAGE * spread + _TINY) * np.eye(len(covariance))
        self._whiten = np.linalg.inv(np.linalg.cholesky(shrunk)).T
        return self

    def __call__(self, latents: Float[np.ndarray, "windows channels dim"]) -> Float[np.ndarray, "windows channels"]:
        """Distance per direction; NaN where the latent is."""
        return np.square((latents - self._mean) @ self._whiten).mean(axis=2)


class Standardised:
    """Logarithms of distances in deviations from the median of their channel in training, clipped."""

    def fit(self, distances: Float[np.ndarray, "windows channels"]) -> Self:
        """Learn the median of each channel and one deviation for all of them: a channel may be constant."""
        logs = self._logs(distances)
        self._median = np.zeros(logs.shape[1])
        known = np.isfinite(logs).any(axis=0)
        self._median[known] = np.nanmedian(logs[:, known], axis=0)
        apart = (logs - self._median)[np.isfinite(logs)]
        self._spread = float(apart.std()) if apart.size and apart.std() > _TINY else 1.0
        return self

    def __call__(self, distances: Float[np.ndarray, "windows channels"]) -> Float[np.ndarray, "windows channels"]:
        """Zero where there is no distance."""
        return np.nan_to_num((self._logs(distances) - self._median) / self._spread).clip(-_MOST, _MOST)

    @staticmethod
    def _logs(distances: Float[np.ndarray, "windows channels"]) -> Float[np.ndarray, "windows channels"]:
        return np.log(distances + _FLOOR)


def _nanmean(values: Float[np.ndarray, "windows channels dim"]) -> Float[np.ndarray, "channels dim"]:
    """Mean over windows; zero where there is none, and no warning about it."""
    known = np.isfinite(values)
    return np.where(known, values, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
