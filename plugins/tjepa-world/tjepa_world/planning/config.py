"""Settings of a planner."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tjepa_estimators.errors import ConfigError

__all__ = ["PlannerConfig"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannerConfig:
    """How many sequences of actions are tried, and how the next ones follow from those that did well.

    Examples
    --------
    >>> PlannerConfig(method="mppi", candidates=64).iterations
    3
    """

    method: str = "cem"
    """``"cem"``: the cross-entropy method, which fits mean and spread to the best; ``"mppi"``: a mean weighted by
    how well they did, at a fixed spread."""
    candidates: int = 256
    """Sequences that are tried in each iteration."""
    iterations: int = 3
    elites: int = 24
    """Best sequences that the cross-entropy method fits."""
    spread: float = 0.5
    """Standard deviation of actions at the start, as a share of half the range that their bounds leave."""
    smoothness: float = 0.7
    """Correlation of the noise of neighbouring steps: pushes that change their sign each step go nowhere."""
    temperature: float = 0.3
    """Of MPPI, in standard deviations of the candidates' costs; towards 0 only the best counts."""
    keep: float = 0.1
    """Share of the old mean and spread in the new ones."""

    def __post_init__(self) -> None:
        _require(self.method in {"cem", "mppi"}, "method must be 'cem' or 'mppi'", self.method)
        _require(self.iterations >= 1, "iterations must be at least 1", self.iterations)
        _require(
            2 <= self.elites <= self.candidates, "elites must lie in 2..candidates", (self.elites, self.candidates)
        )
        for name in ("spread", "temperature"):
            _require(0.0 < getattr(self, name) < math.inf, f"{name} must be positive", getattr(self, name))
        for name in ("smoothness", "keep"):
            _require(0.0 <= getattr(self, name) < 1.0, f"{name} must lie in [0, 1)", getattr(self, name))


def _require(fact: bool, rule: str, given: object) -> None:
    if not fact:
        msg = f"PlannerConfig: {rule}; got {given!r}."
        raise ConfigError(msg)
