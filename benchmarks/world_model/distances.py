"""Whether a distance between latents tells how far a goal is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import spearmanr

if TYPE_CHECKING:
    from collections.abc import Callable

    from tjepa_world import LatentWorldModel, Trajectories

    from benchmarks.world_model.worlds import World

__all__ = ["rank_correlation"]

_GOALS = 5


def rank_correlation(
    world: World,
    model: LatentWorldModel,
    states: Trajectories,
    seen: Trajectories,
    look: Callable[[np.ndarray], np.ndarray],
    seed: int,
) -> float:
    """Spearman correlation of latent and true distances to a goal, the mean over some goals.

    Parameters
    ----------
    states, seen
        The same observations, as states and as the model is given them.
    look
        From a state to what a model is given.
    """
    random, latents, found = np.random.default_rng(seed), model.encode(seen.items), []
    for _ in range(_GOALS):
        goal = world.goal(random)
        far = np.linalg.norm(latents - model.encode(look(goal)[None]), axis=1)
        found.append(spearmanr(far, world.apart(states.items, goal)).statistic)
    return float(np.mean(found))
