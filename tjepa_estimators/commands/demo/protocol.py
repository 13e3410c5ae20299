"""What is forecast in the demo and how it is judged: rolling cutoffs in held-out tails, naive controls, one score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tjepa_estimators.data.domains import load_domain
from tjepa_estimators.errors import DataError

if TYPE_CHECKING:
    from jaxtyping import Float, Int

    from tjepa_estimators.data.series import Series

__all__ = ["HORIZONS", "Case", "forecast_naively", "rmsse", "stamps"]

HORIZONS: Mapping[str, int] = {"B": 10, "D": 14, "h": 24}
"""Steps to forecast by frequency: two weeks of business days, two weeks, one day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One domain: its training series, the same series with their held-out tails, and where forecasts begin."""

    name: str
    season: int
    horizon: int
    train: list[Series]
    full: list[Series]
    cutoffs: Int[np.ndarray, "cutoffs"]
    """Numbers of known steps; the first is the length of the training series."""

    @classmethod
    def of(cls, name: str, most_cutoffs: int) -> Case:
        """The held-out tail of a domain, with cutoffs spread evenly over it."""
        domain = load_domain(name)
        train, horizon = list(domain.series("train")), HORIZONS[domain.info.frequency]
        names = [one.name for one in train]
        full = [one for one in domain.series() if one.name in names]  # others begin after the cut
        start, room = len(train[0]), min(map(len, full)) - len(train[0]) - horizon
        stride = max(horizon, room // max(1, most_cutoffs - 1))
        cutoffs = np.arange(start, start + room + 1, stride)[:most_cutoffs]
        return cls(name=name, season=domain.info.season, horizon=horizon, train=train, full=full, cutoffs=cutoffs)

    @property
    def stride(self) -> int:
        """Steps between cutoffs."""
        return int(self.cutoffs[1] - self.cutoffs[0]) if len(self.cutoffs) > 1 else self.horizon

    def truth(self) -> Float[np.ndarray, "series cutoffs horizon channels"]:
        """What came after each cutoff."""
        steps = self.cutoffs[:, None] + np.arange(self.horizon)
        return np.stack([one.values[steps] for one in self.full])


def forecast_naively(case: Case, season: int) -> Float[np.ndarray, "series cutoffs horizon channels"]:
    """Repeat the last season; with a season of one, the last value. A missing value counts as the one before it."""
    steps = case.cutoffs[:, None] - season + np.arange(case.horizon) % season
    return np.stack([_filled(one.values)[steps] for one in case.full])


def rmsse(case: Case, forecast: Float[np.ndarray, "series cutoffs horizon channels"]) -> float:
    """Root mean squared scaled error, mean over series and channels.

    Scaled by the error of repeating the last value for one step on the training part, so that domains can be
    averaged (Makridakis et al., The M5 accuracy competition, 2022). Missing truth does not count.
    """
    squared = np.nanmean((case.truth() - forecast) ** 2, axis=(1, 2))
    scale = np.stack([np.nanmean(np.diff(_filled(one.values), axis=0) ** 2, axis=0) for one in case.train])
    return float(np.nanmean(np.sqrt(squared / np.where(scale > 0, scale, np.nan))))


def stamps(series: Series) -> pd.DatetimeIndex:
    """The time of each step."""
    if series.index is None:
        raise DataError(f"The series {series.name!r} has no time stamps, which its forecasts are drawn and named by.")
    return pd.DatetimeIndex(series.index)


def _filled(values: Float[np.ndarray, "time channels"]) -> Float[np.ndarray, "time channels"]:
    """Each missing value is the last one observed."""
    step = np.where(np.isfinite(values), np.arange(len(values))[:, None], 0)
    return np.take_along_axis(values, np.maximum.accumulate(step, axis=0), axis=0)
