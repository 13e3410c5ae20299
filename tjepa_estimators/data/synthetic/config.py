"""Settings of synthetic series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from tjepa_estimators.errors import ConfigError

__all__ = ["FAMILIES", "SyntheticConfig"]

FAMILIES: Mapping[str, float] = MappingProxyType(
    {"seasonal": 0.5, "gaussian_process": 0.2, "stochastic": 0.12, "counts": 0.1, "systems": 0.08}
)
"""The families and their default shares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticConfig:
    """How many synthetic series, of which kinds.

    Parameters
    ----------
    count
        Number of series.
    length
        Steps of each series.
    seed
        The same seed gives the same series; the first ones stay the same when ``count`` grows.
    shares
        Weight of each family: ``seasonal``, ``gaussian_process``, ``stochastic``, ``counts``, ``systems``. They need
        not sum to one; a family that is left out is not drawn.
    events
        Share of the series (but counts) with level shifts, changes of variance, spikes or pulses; about.
    gaps
        Share of the series with missing values.

    Raises
    ------
    ConfigError
        If a number is impossible or a family is unknown.

    Examples
    --------
    >>> SyntheticConfig(count=10, shares={"seasonal": 3, "systems": 1}).count
    10
    """

    count: int = 1000
    length: int = 1024
    seed: int = 0
    shares: Mapping[str, float] = field(default_factory=lambda: dict(FAMILIES))
    events: float = 0.25
    gaps: float = 0.05

    def __post_init__(self) -> None:
        for name, least in (("count", 1), ("length", 32), ("seed", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
                raise ConfigError(f"{name} is {value!r}; expected a whole number of at least {least}")
        for name in ("events", "gaps"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise ConfigError(f"{name} is {value!r}; expected a share from 0 to 1")
        unknown = sorted(set(self.shares) - set(FAMILIES))
        if unknown:
            raise ConfigError(f"shares name {unknown}; expected families among {list(FAMILIES)}")
        weights = np.array(list(self.shares.values()), dtype=float)
        if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.sum() > 0):
            raise ConfigError(f"shares are {dict(self.shares)}; expected weights of at least 0, not all of them 0")
