"""Forecast quantiles: from held-out residuals in units of the window's deviation, or decoded for each window."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
import torch

from tjepa_estimators.nn.threads import limited_threads

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jaxtyping import Float
    from torch import Tensor

    from tjepa_estimators.jepa.forecaster import PatchForecaster

__all__ = ["DecodedQuantiles", "ResidualQuantiles", "choose_quantiles"]

_LEVELS = np.concatenate([[0.005, 0.01, 0.025], np.linspace(0.05, 0.95, 37), [0.975, 0.99, 0.995]])
_CHUNK = 4096
"""Windows that are decoded at once."""
_JUDGES = 512
"""Held-out rows that the two kinds of quantiles are compared on."""
_FACTORS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.4, 1.6, 2.0)
_FEW = 20
"""Residuals below which their quantiles say little, so those of a normal distribution are used."""


@dataclass(frozen=True, slots=True)
class ResidualQuantiles:
    """Quantiles of ``(truth - forecast) / deviation of the window`` for each step ahead."""

    table: Float[np.ndarray, "horizon levels"]
    """Monotone along the levels."""

    @classmethod
    def fit(cls, residuals: Float[np.ndarray, "rows horizon"]) -> ResidualQuantiles:
        """Take the quantiles of residuals; of a normal distribution of their size where there are few."""
        if len(residuals) >= _FEW:
            return cls(np.quantile(residuals, _LEVELS, axis=0).T)
        size = np.sqrt(np.mean(residuals**2, axis=0)) if len(residuals) else np.ones(residuals.shape[1])
        normal = np.array([NormalDist().inv_cdf(level) for level in _LEVELS])
        return cls(size[:, None] * normal)

    def spread(
        self,
        window: Float[np.ndarray, "rows time"],  # noqa: ARG002 - one signature for both kinds
        deviation: Float[np.ndarray, "rows 1"],
        steps: int,
        levels: Sequence[float],
    ) -> Float[np.ndarray, "rows steps quantiles"]:
        """What to add to the forecasts of windows."""
        return deviation[:, :, None] * self.offsets(steps, levels)

    def offsets(self, steps: int, levels: Sequence[float]) -> Float[np.ndarray, "steps quantiles"]:
        """What to add to a forecast, in deviations of its window.

        Beyond the horizon the spread of the last step grows with the square root of the lead time, as that
        of a random walk does. A level outside 0.005..0.995 gets the outermost quantile.
        """
        table = np.stack([np.interp(levels, _LEVELS, row) for row in self.table])
        lead = np.arange(steps)
        known = np.minimum(lead, len(table) - 1)
        growth = np.sqrt(np.maximum((lead + 1) / (known + 1), 1.0))
        return np.asarray(table[known] * growth[:, None])


@dataclass(frozen=True, slots=True)
class DecodedQuantiles:
    """Quantiles that an encoder decodes for each window, about their mean; the point forecast takes its place."""

    decoder: PatchForecaster
    factor: float = 1.0
    """What the decoded spread is multiplied by."""

    def mean(self, window: Float[np.ndarray, "rows time"], steps: int) -> Float[np.ndarray, "rows steps"]:
        """The point forecasts of windows."""
        return self._decode(window, lambda chunk: self.decoder(chunk, steps).mean(dim=-1))

    def spread(
        self,
        window: Float[np.ndarray, "rows time"],
        deviation: Float[np.ndarray, "rows 1"],  # noqa: ARG002 - one signature for both kinds
        steps: int,
        levels: Sequence[float],
    ) -> Float[np.ndarray, "rows steps quantiles"]:
        """What to add to the forecasts of windows."""
        return self.factor * self._decode(window, lambda chunk: self.decoder.spread(chunk, steps, levels))

    def _decode(
        self, window: Float[np.ndarray, "rows time"], forecast: Callable[[Tensor], Tensor]
    ) -> Float[np.ndarray, "rows ..."]:
        with limited_threads(self.decoder), torch.inference_mode():
            chunks = torch.from_numpy(window).split(_CHUNK)
            return torch.cat([forecast(chunk) for chunk in chunks]).double().numpy()


def choose_quantiles(
    decoder: PatchForecaster,
    window: Float[np.ndarray, "rows time"],
    deviation: Float[np.ndarray, "rows 1"],
    residuals: Float[np.ndarray, "rows horizon"],
) -> ResidualQuantiles | DecodedQuantiles:
    """Whichever has the lower pinball loss on held-out rows: decoded quantiles, by a factor, or those of the residuals.

    Both are fitted on one half of the rows and judged on the other one, in turn, and then fitted on all. Decoded ones
    are taken unseen where there are few rows.

    Parameters
    ----------
    decoder
        What decodes.
    window, deviation, residuals
        Held-out windows, their deviations, and the residuals of their forecasts in units of these.
    """
    if len(residuals) < _FEW:
        return DecodedQuantiles(decoder)
    some = np.linspace(0, len(residuals) - 1, min(len(residuals), _JUDGES)).astype(int)
    window, deviation, residuals = window[some], deviation[some], residuals[some]
    levels = decoder.levels
    spread = DecodedQuantiles(decoder).spread(window, deviation, residuals.shape[1], levels) / deviation[:, :, None]
    losses = np.zeros(2)
    halves = np.array_split(np.arange(len(residuals)), 2)
    for fitted, judged in (halves, halves[::-1]):
        factor = _factor(spread[fitted], residuals[fitted], levels)
        table = ResidualQuantiles.fit(residuals[fitted]).offsets(residuals.shape[1], levels)
        losses += [_pinball(offsets, residuals[judged], levels) for offsets in (factor * spread[judged], table)]
    if losses[0] < losses[1]:
        return DecodedQuantiles(decoder, _factor(spread, residuals, levels))
    return ResidualQuantiles.fit(residuals)


def _factor(
    spread: Float[np.ndarray, "rows horizon levels"],
    residuals: Float[np.ndarray, "rows horizon"],
    levels: Sequence[float],
) -> float:
    return min(_FACTORS, key=lambda factor: _pinball(factor * spread, residuals, levels))


def _pinball(
    offsets: Float[np.ndarray, "... horizon levels"],
    residuals: Float[np.ndarray, "rows horizon"],
    levels: Sequence[float],
) -> float:
    excess = residuals[:, :, None] - offsets
    return float(np.maximum(np.asarray(levels) * excess, (np.asarray(levels) - 1.0) * excess).mean())
