"""plan: the actions that lead a world model's latents to a goal."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.nn.threads import limited_threads
from tjepa_estimators.settings import as_settings
from tjepa_world.planning.config import PlannerConfig
from tjepa_world.planning.goal import GoalCost, states_of
from tjepa_world.planning.search import Bounds, search

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jaxtyping import Float
    from torch import Tensor

    from tjepa_world.model import LatentWorldModel
    from tjepa_world.planning.goal import Cost

__all__ = ["Plan", "plan", "shifted"]

_REACHED, _FAR = 0.2, 0.6
"""Shares of the typical distance between two observations, below which a goal counts as reached and above which, if the
plan brings it no nearer, as out of reach."""


@dataclass(frozen=True, eq=False)
class Plan:
    """Actions, and what the model expects of them."""

    actions: Float[np.ndarray, "horizon actions"]
    latents: Float[np.ndarray, "horizon dim"]
    cost: float
    distance: float | None = None
    """Expected distance to the goal at the end, with ``focus="nearest"`` where it is smallest; None without a goal."""
    start_distance: float | None = None
    """The same before the first action."""
    typical_distance: float = float("nan")
    """Median distance between two observations of the training."""
    goal_novelty: float | None = None
    """Distance of the goal to the nearest observation of the training."""

    @property
    def reached(self) -> bool:
        """Whether the plan is expected to come to the goal."""
        return self.distance is not None and self.distance <= _REACHED * self.typical_distance

    @property
    def goal_is_strange(self) -> bool:
        """Whether the goal is further from all that was trained on than two observations are from each other."""
        return self.goal_novelty is not None and self.goal_novelty > self.typical_distance

    @property
    def looks_unreachable(self) -> bool:
        """Whether the goal is strange, or the plan stays far from it and hardly nearer than the start."""
        if self.distance is None or self.start_distance is None or self.reached:
            return False
        if self.goal_is_strange:
            return True
        return self.distance > _FAR * self.typical_distance and self.distance > 0.9 * self.start_distance

    @property
    def verdict(self) -> str:
        """In words."""
        if self.distance is None:
            return f"expected cost {self.cost:.3g}; there is no goal to reach"
        share = f"{self.distance / self.typical_distance:.0%} of the typical distance between observations"
        if self.reached:
            return f"reached: the plan comes to {share} from the goal"
        if self.goal_is_strange:
            return f"looks unreachable: the goal is unlike all of the training; the plan comes to {share} from it"
        if self.looks_unreachable:
            return f"looks unreachable: the plan comes to {share} from the goal, hardly nearer than it begins"
        return f"on the way: the plan comes to {share} from the goal"


def plan(
    model: LatentWorldModel,
    observation: np.ndarray,
    goal: np.ndarray | None = None,
    *,
    bounds: tuple[object, object] | Bounds,
    horizon: int = 15,
    cost: Cost | None = None,
    focus: str = "final",
    planner: PlannerConfig | Mapping[str, Any] | None = None,
    start: Float[np.ndarray, "horizon actions"] | None = None,
    seed: int | torch.Generator = 0,
) -> Plan:
    """Search for the actions whose predicted latents come closest to those of a goal, or cost least.

    Parameters
    ----------
    model
        A fitted world model.
    observation
        The present one, or the latest ones of a model with a history; see :meth:`LatentWorldModel.rollout`.
    goal
        What should be observed: one observation, or several that follow each other, without NaN.
    bounds
        Lowest and highest action: a pair of numbers, or of one number for each action.
    horizon
        Steps to plan ahead.
    cost
        What to minimise in place of the distance to the goal, such as what :func:`learn_cost` gives.
    focus
        At which steps the distance counts: ``"final"``, ``"path"`` or ``"nearest"``; see :class:`GoalCost`.
    planner
        A :class:`PlannerConfig` or a dict of its fields.
    start
        Actions to begin the search with, such as those of the plan before, one step later.
    seed
        A number or a generator; everything random follows from it.

    Returns
    -------
    The best plan that was found; it also says whether the goal looks out of reach.

    Raises
    ------
    DataError
        Observation, goal or actions do not fit the model.
    ConfigError
        There is neither a goal nor a cost, or a setting is impossible.

    Examples
    --------
    >>> from tjepa_estimators import pretrain
    >>> from tjepa_world import LatentWorldModel, Trajectories, plan
    >>> random = np.random.default_rng(0)
    >>> pushes = random.uniform(-1, 1, (20, 15, 2))
    >>> places = np.concatenate([np.zeros((20, 1, 2)), 0.1 * pushes.cumsum(axis=1)], axis=1)
    >>> seen = Trajectories(list(places), list(pushes))
    >>> encoder = pretrain(seen.items, config="vectors-tiny", train={"steps": 5})
    >>> model = LatentWorldModel(encoder, train={"steps": 50}).fit(seen)
    >>> plan(model, places[0, 0], goal=np.array([0.2, -0.2]), bounds=(-1, 1), horizon=5).actions.shape
    (5, 2)
    """
    settings, limits = as_settings(PlannerConfig, planner), Bounds.of(bounds, model.num_actions_)
    if not (1 <= horizon < math.inf and horizon == int(horizon)):
        msg = f"horizon must be at least 1, and a whole number, but got {horizon}."
        raise ConfigError(msg)
    horizon = int(horizon)
    generator = seed if isinstance(seed, torch.Generator) else torch.Generator().manual_seed(int(seed))
    begin = model.start(observation)
    target, novelty = None, None
    if goal is not None:
        target = GoalCost(model.encode_goal(goal), focus)
        novelty = model.novelty(target.goal)
    price = cost or target
    if price is None:
        raise ConfigError("plan needs a goal, or a cost such as learn_cost(model, trajectories).")
    first = None if start is None else limits.clip(_begin(model, start, horizon))

    def objective(actions: Tensor) -> Tensor:
        return price(states_of(begin, model.simulate(begin, actions)), actions)

    with limited_threads(model.dynamics_), torch.inference_mode():
        actions, lowest = search(objective, horizon, limits, settings, generator, first)
        latents = model.simulate(begin, actions[None])
        distances = None if target is None else target.distances(states_of(begin, latents))[0]
        at_start = None if target is None else float(target.distances(begin[None, None])[0, 0])
    distance = None
    if distances is not None:
        distance = float(distances.min() if focus == "nearest" else distances[-1])
    return Plan(actions.numpy(), latents[0].numpy(), lowest, distance, at_start, model.typical_distance_, novelty)


def shifted(actions: Float[np.ndarray, "horizon actions"]) -> Float[np.ndarray, "horizon actions"]:
    """What is left of a plan after its first action, the last one repeated: where the next search begins."""
    return np.concatenate([actions[1:], actions[-1:]])


def _begin(model: LatentWorldModel, start: np.ndarray, horizon: int) -> Float[Tensor, "horizon actions"]:
    given = model.check_actions(start)
    if given.shape != (horizon, model.num_actions_):
        msg = f"start must be [{horizon}, {model.num_actions_}], as the plan will be, but got shape {given.shape}."
        raise ConfigError(msg)
    return torch.from_numpy(given)
