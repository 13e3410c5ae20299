"""Controller: plan at each step, act on the first action, begin the next search with the rest."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from tjepa_world.planning.plan import Plan, plan, shifted

if TYPE_CHECKING:
    from jaxtyping import Float

    from tjepa_world.model import LatentWorldModel

__all__ = ["Controller"]


class Controller:
    """Model-predictive control; call it with each observation, ``reset`` it between episodes.

    Parameters
    ----------
    model
        A fitted world model.
    goal
        What should be observed; None if there is a ``cost``.
    seed
        Everything random follows from it.
    **settings
        What else :func:`plan` takes: ``bounds``, ``horizon``, ``cost``, ``focus``, ``planner``.
    """

    def __init__(
        self,
        model: LatentWorldModel,
        goal: np.ndarray | None = None,
        *,
        seed: int = 0,
        **settings: Any,  # noqa: ANN401 - those of plan
    ) -> None:
        self.model, self.goal, self.settings = model, goal, settings
        self._generator = torch.Generator().manual_seed(seed)
        self._seen: deque[np.ndarray] = deque(maxlen=model.config.history)
        self.plan: Plan | None = None
        """The latest plan."""

    def reset(self) -> None:
        """Forget the episode."""
        self.plan = None
        self._seen.clear()

    def __call__(self, observation: np.ndarray) -> Float[np.ndarray, " actions"]:
        """The action for an observation.

        Raises
        ------
        DataError
            It does not fit the model; the controller goes on with the next one as if this had not been.
        """
        latest = self.model.check_observation(observation)[-1]
        seen = [*self._seen, latest][-self.model.config.history :]
        start = None if self.plan is None else shifted(self.plan.actions)
        self.plan = plan(self.model, np.stack(seen), self.goal, start=start, seed=self._generator, **self.settings)
        self._seen.append(latest.copy())  # the caller may write the next one into the same array
        return self.plan.actions[0]
