"""Search for cheap sequences of actions: the cross-entropy method and model-predictive path integrals.

Nothing here knows of latents: an objective prices a batch of sequences, whatever it rests on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import torch

from tjepa_estimators.errors import ConfigError

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from tjepa_world.planning.config import PlannerConfig

__all__ = ["Bounds", "Objective", "search"]

Objective: TypeAlias = "Callable[[Float[Tensor, 'candidates horizon actions']], Float[Tensor, 'candidates']]"
"""The cost of each sequence of actions; the whole batch at once."""


@dataclass(frozen=True, eq=False)
class Bounds:
    """The lowest and the highest action.

    Examples
    --------
    >>> Bounds.of((-2.0, 2.0), actions=1).high
    tensor([2.])
    """

    low: Float[Tensor, " actions"]
    high: Float[Tensor, " actions"]

    @classmethod
    def of(cls, given: tuple[object, object] | Bounds, actions: int) -> Bounds:
        """Bounds from a pair of numbers, or of one number for each action.

        Raises
        ------
        ConfigError
            They are not finite, do not fit the actions, or leave no room.
        """
        if isinstance(given, Bounds):
            return given
        try:
            low, high = (np.broadcast_to(np.asarray(one, dtype=np.float32), (actions,)) for one in given)
        except (TypeError, ValueError) as error:
            msg = f"bounds must be a pair (low, high) of numbers or of {actions} numbers each, but got {given!r}."
            raise ConfigError(msg) from error
        if not (np.isfinite(low).all() and np.isfinite(high).all() and (low < high).all()):
            msg = f"bounds must be finite, each low below its high; got {given!r}."
            raise ConfigError(msg)
        return cls(torch.from_numpy(low.copy()), torch.from_numpy(high.copy()))

    @property
    def middle(self) -> Float[Tensor, " actions"]:
        """Half way between."""
        return (self.low + self.high) / 2

    def clip(self, actions: Tensor) -> Tensor:
        """Actions within the bounds."""
        return torch.minimum(torch.maximum(actions, self.low), self.high)


@torch.inference_mode()
def search(
    objective: Objective,
    horizon: int,
    bounds: Bounds,
    config: PlannerConfig,
    generator: torch.Generator,
    start: Float[Tensor, "horizon actions"] | None = None,
) -> tuple[Float[Tensor, "horizon actions"], float]:
    """The cheapest sequence that was found, and its cost.

    Parameters
    ----------
    objective
        What a sequence costs; one that is not finite is never chosen, unless all are.
    horizon
        Steps of a sequence.
    bounds
        What actions may be.
    config
        How to search.
    generator
        All randomness.
    start
        The mean to begin with, such as what was left of the plan before; the middle of the bounds if None.
    """
    width = (bounds.high - bounds.low) / 2
    mean = bounds.middle.expand(horizon, -1) if start is None else start
    spread = (config.spread * width).expand(horizon, -1)
    correlation = _correlation(horizon, config.smoothness)
    best, best_cost = mean, torch.inf
    for _ in range(config.iterations):
        noise = torch.randn(config.candidates, horizon, len(width), generator=generator)
        tried = bounds.clip(mean + spread * torch.einsum("ht,ctn->chn", correlation, noise))
        tried[0], tried[1] = bounds.clip(mean), best
        costs = torch.nan_to_num(objective(tried), nan=torch.inf)
        lowest = int(costs.argmin())
        if float(costs[lowest]) < best_cost:
            best, best_cost = tried[lowest], float(costs[lowest])
        mean, spread = _update(tried, costs, mean, spread, config)
    return best, best_cost


def _update(
    tried: Tensor, costs: Tensor, mean: Tensor, spread: Tensor, config: PlannerConfig
) -> tuple[Float[Tensor, "horizon actions"], Float[Tensor, "horizon actions"]]:
    if config.method == "cem":
        elites = tried[costs.topk(config.elites, largest=False).indices]
        found, found_spread = elites.mean(dim=0), elites.std(dim=0)
        return mean.lerp(found, 1 - config.keep), spread.lerp(found_spread, 1 - config.keep)
    finite = costs.isfinite()
    scale = config.temperature * costs[finite].std(correction=0).clamp(min=1e-9) if finite.any() else costs.new_ones(())
    weights = torch.where(finite, -costs / scale, -torch.inf).nan_to_num(neginf=-1e30).softmax(dim=0)
    return mean.lerp(torch.einsum("c,chn->hn", weights, tried), 1 - config.keep), spread


def _correlation(horizon: int, smoothness: float) -> Float[Tensor, "horizon horizon"]:
    """Makes noise of variance 1 whose neighbouring steps correlate."""
    steps = torch.arange(horizon, dtype=torch.float64)
    return torch.linalg.cholesky(smoothness ** (steps[:, None] - steps).abs()).float()
