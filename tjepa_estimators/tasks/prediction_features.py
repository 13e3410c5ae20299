"""Features of a window that may tell whether the next one will be abnormal, from a frozen encoder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.settings import as_settings
from tjepa_estimators.tasks.latent_forecast import LatentForecaster
from tjepa_estimators.tasks.latent_view import LatentView
from tjepa_estimators.tasks.levels import ChannelLevels

if TYPE_CHECKING:
    from jaxtyping import Float

    from tjepa_estimators.artifact import PretrainedEncoder

__all__ = ["CHANNELS", "PredictionFeatures", "PredictionFeaturesConfig"]

_FACTOR, _MOST = 4, 3
"""Chosen resolutions: powers of the one, at most the other's number of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionFeaturesConfig:
    """What features are made of."""

    resolutions: tuple[int, ...] | None = None
    """Numbers of steps that are averaged, such as ``(1, 4, 16)``; None takes these as far as a window still fills a
    patch."""
    channels: str = "pooled"
    """``"pooled"``: maximum and mean over channels, whose order and number then do not matter; ``"joined"``: all
    channels side by side."""

    def __post_init__(self) -> None:
        given = self.resolutions
        if given is not None and (not given or min(given) < 1 or len(set(given)) < len(given)):
            msg = f"resolutions must be different numbers of steps, at least 1, such as (1, 4); got {given!r}."
            raise ConfigError(msg)
        if self.channels not in CHANNELS:
            msg = f"channels must be one of {sorted(CHANNELS)}; got {self.channels!r}."
            raise ConfigError(msg)


def pooled(values: Float[np.ndarray, "windows channels features"]) -> Float[np.ndarray, "windows pooled"]:
    """Maximum and mean over channels."""
    return np.concatenate([values.max(axis=1), values.mean(axis=1)], axis=1)


def joined(values: Float[np.ndarray, "windows channels features"]) -> Float[np.ndarray, "windows joined"]:
    """All channels side by side."""
    return values.reshape(len(values), -1)


CHANNELS = {"pooled": pooled, "joined": joined}
"""How the features of several channels become those of a window."""


class PredictionFeatures:
    """Latents, energies and levels of windows, at several resolutions.

    At each resolution: the teacher's mean and last latent, and three energies: how unusual the window's latent is,
    how unusual the latent is that the JEPA predicts for the next window, and how far the two lie apart. And once:
    level and spread of the window relative to the training windows, which instance normalisation takes out of the
    latents. Each channel is looked at alone.

    Parameters
    ----------
    pretrained
        The encoder; it is never changed.
    config
        A :class:`PredictionFeaturesConfig` or a dict of its fields.

    Examples
    --------
    >>> from tjepa_estimators import pretrain
    >>> wave = np.sin(np.arange(600.0) / 3)
    >>> windows = wave.reshape(12, 50, 1)
    >>> features = PredictionFeatures(pretrain(wave, train={"steps": 2}), {"resolutions": (1, 2)}).fit(windows)
    >>> features(windows).shape, features.energy(windows).shape
    ((12, 274), (12,))
    """

    def __init__(
        self, pretrained: PretrainedEncoder, config: PredictionFeaturesConfig | Mapping[str, Any] | None = None
    ) -> None:
        self.config = as_settings(PredictionFeaturesConfig, config)
        self._patch = pretrained.info.jepa.patch_length
        self._forecaster = LatentForecaster(pretrained)

    def fit(self, windows: Float[np.ndarray, "windows time channels"]) -> Self:
        """Learn levels, spreads and energies of ordinary windows, without labels."""
        length = windows.shape[1]
        self.resolutions_ = self.config.resolutions or tuple(
            factor
            for factor in (_FACTOR**power for power in range(_MOST))
            if factor == 1 or length >= factor * self._patch
        )
        self._levels = ChannelLevels().fit(windows)
        self._views = [LatentView(self._forecaster, factor).fit(windows) for factor in self.resolutions_]
        return self

    def __call__(self, windows: Float[np.ndarray, "windows time channels"]) -> Float[np.ndarray, "windows features"]:
        """Features in double precision; those of a window depend on no other window."""
        pool = CHANNELS[self.config.channels]
        parts = [pool(self._levels(windows))]
        for view in self._views:
            latents, energies = view(windows)
            parts.extend((pool(latents), pool(energies)))
        return np.concatenate(parts, axis=1)

    def energy(self, windows: Float[np.ndarray, "windows time channels"]) -> Float[np.ndarray, "windows"]:
        """Early warning without labels: how unusual the forecast of the next window is, and how far from the present.

        In deviations of the training windows. Each channel has the mean of both over the resolutions; the window
        has the mean of its highest channels, as many as the square root of their number.
        """
        energies = np.stack([view(windows)[1][:, :, 1:].mean(axis=2) for view in self._views]).mean(axis=0)
        count = max(1, round(energies.shape[1] ** 0.5))
        return np.sort(energies, axis=1)[:, -count:].mean(axis=1)
