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
from tjepa_estimators.tasks.novelty import Novelty

if TYPE_CHECKING:
    from jaxtyping import Float

    from tjepa_estimators.artifact import PretrainedEncoder

__all__ = ["CHANNELS", "PARTS", "PredictionFeatures", "PredictionFeaturesConfig"]

_FACTOR, _MOST = 4, 3
"""Chosen resolutions: powers of the one, at most the other's number of them."""
PARTS = ("levels", "latents", "energies", "codes", "novelty")
"""What features can be made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionFeaturesConfig:
    """What features are made of."""

    resolutions: tuple[int, ...] | None = None
    """Numbers of steps that are averaged, such as ``(1, 4, 16)``; None takes these as far as a window still fills a
    patch."""
    channels: str = "pooled"
    """``"pooled"``: maximum and mean over channels, whose order and number then do not matter; ``"joined"``: all
    channels side by side."""
    parts: tuple[str, ...] = ("levels", "latents", "energies")
    """Some of :data:`PARTS`, each described in :class:`PredictionFeatures`."""

    def __post_init__(self) -> None:
        given = self.resolutions
        if given is not None and (not given or min(given) < 1 or len(set(given)) < len(given)):
            msg = f"resolutions must be different numbers of steps, at least 1, such as (1, 4); got {given!r}."
            raise ConfigError(msg)
        if self.channels not in CHANNELS:
            msg = f"channels must be one of {sorted(CHANNELS)}; got {self.channels!r}."
            raise ConfigError(msg)
        if not self.parts or not set(self.parts) <= set(PARTS):
            msg = f"parts must name some of {PARTS}, such as ('levels', 'novelty'); got {self.parts!r}."
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
    """Levels, latents, energies, codes and novelty of windows, at several resolutions.

    - ``"levels"``: level and spread relative to the training windows, which instance normalisation takes out of the
      latents; once, not at each resolution.
    - ``"latents"``: the teacher's mean and last latent.
    - ``"energies"``: how unusual the window's latent is, how unusual the latent is that the JEPA predicts for the next
      window, and how far the two lie apart.
    - ``"codes"``: shares of the codes of a codebook, of the window's tokens, of those predicted for the next window
      and, where the JEPA has it, of the coarse view of both; what MTS-JEPA classifies.
    - ``"novelty"``: distance to the nearest training windows, of levels, of spreads, of latents and of predicted
      latents, all channels together. It needs training windows of the very machine, and says nothing about which
      machine it is: so a classifier on it carries over to others.

    In all but novelty each channel is looked at alone.

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
        if "codes" in self.config.parts and pretrained.info.jepa.codebook is None:
            msg = "Features of codes need a codebook: pretrain with config='mts-jepa', or leave 'codes' out of parts."
            raise ConfigError(msg)
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
        is_novel = "novelty" in self.config.parts
        self._views = [
            LatentView(self._forecaster, factor, novelty=is_novel).fit(windows) for factor in self.resolutions_
        ]
        self._novelties = [Novelty().fit(rows) for rows in self._states(windows)] if is_novel else []
        return self

    def __call__(self, windows: Float[np.ndarray, "windows time channels"]) -> Float[np.ndarray, "windows features"]:
        """Features in double precision; those of a window depend on no other window."""
        pool, seen = CHANNELS[self.config.channels], [view(windows) for view in self._views]
        states = zip(self._novelties, self._states(windows), strict=False)  # no novelties where not asked for
        made = {
            "levels": [pool(self._levels(windows))],
            "latents": [pool(one.latents) for one in seen],
            "energies": [pool(one.energies) for one in seen],
            "codes": [pool(one.codes) for one in seen],
            "novelty": [*(novelty(rows)[:, None] for novelty, rows in states), *(one.novelty for one in seen)],
        }
        return np.concatenate([block for part in self.config.parts for block in made[part]], axis=1)

    def _states(self, windows: Float[np.ndarray, "windows time channels"]) -> list[np.ndarray]:
        """Level of all channels, and spread of all channels."""
        levels = self._levels(windows)
        return [levels[:, :, 0], levels[:, :, 2]]

    def energy(self, windows: Float[np.ndarray, "windows time channels"]) -> Float[np.ndarray, "windows"]:
        """Early warning without labels: how unusual the forecast of the next window is, and how far from the present.

        In deviations of the training windows. Each channel has the mean of both over the resolutions; the window
        has the mean of its highest channels, as many as the square root of their number.
        """
        energies = np.stack([view(windows).energies[:, :, 1:].mean(axis=2) for view in self._views]).mean(axis=0)
        count = max(1, round(energies.shape[1] ** 0.5))
        return np.sort(energies, axis=1)[:, -count:].mean(axis=1)
