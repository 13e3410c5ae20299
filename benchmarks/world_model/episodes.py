"""Episodes of the planners: the same starts and goals for all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from tjepa_world import Controller, PlannerConfig, Trajectories
from tjepa_world.gym import run_episode
from tjepa_world.planning.plan import shifted
from tjepa_world.planning.search import Bounds, search

from benchmarks.world_model.worlds import as_objective

if TYPE_CHECKING:
    from tjepa_world import LatentWorldModel, LearnedCost

    from benchmarks.world_model.worlds import World

__all__ = ["HORIZON", "PLANNER", "Pilot", "episodes_of", "evaluate", "latent_pilot", "random_pilot", "true_pilot"]

HORIZON = 15
PLANNER = PlannerConfig()
"""The budget of all planners."""

Pilot = Callable[[np.ndarray], Callable[[np.ndarray], np.ndarray]]
"""From the goal's state to a policy, which sees states, for one episode."""


def evaluate(world: World, pilot: Pilot, episodes: int, seed: int) -> float:
    """Mean score; start and goal follow from ``seed``."""
    return float(np.mean([world.score(one) for one in episodes_of(world, pilot, episodes, seed).rewards]))


def episodes_of(world: World, pilot: Pilot, episodes: int, seed: int) -> Trajectories:
    """What a planner saw and did, in states."""
    random, env, found = np.random.default_rng(seed), world.make(), []
    for episode in range(episodes):
        goal = world.goal(random)
        options = world.reset(random, goal)
        found.append(run_episode(env, pilot(goal), world.steps, seed * 1000 + episode, options))
    return Trajectories.concat(found)


def random_pilot(world: World, seed: int) -> Pilot:
    """Actions drawn evenly."""
    random, actions = np.random.default_rng(seed), world.make().action_space.shape
    return lambda _: lambda _: random.uniform(*world.bounds, actions)


def true_pilot(world: World, seed: int) -> Pilot:
    """The same search on the true dynamics and the true cost."""
    generator, actions = torch.Generator().manual_seed(seed), world.make().action_space.shape[0]
    bounds = Bounds.of(world.bounds, actions)

    def begin(goal: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        start: torch.Tensor | None = None

        def act(state: np.ndarray) -> np.ndarray:
            nonlocal start
            found, _ = search(as_objective(world, state, goal), HORIZON, bounds, PLANNER, generator, start)
            start = torch.from_numpy(shifted(found.numpy()))
            return found[0].numpy()

        return act

    return begin


def latent_pilot(
    world: World,
    model: LatentWorldModel,
    look: Callable[[np.ndarray], np.ndarray],
    seed: int,
    cost: LearnedCost | None = None,
) -> Pilot:
    """Plan with a model, towards the goal or by a learned cost."""

    def begin(goal: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        settings: dict[str, Any] = {"bounds": world.bounds, "horizon": HORIZON, "planner": PLANNER, "cost": cost}
        control = Controller(model, look(goal) if cost is None else None, seed=seed, focus=world.focus, **settings)
        return lambda state: control(look(state))

    return begin
