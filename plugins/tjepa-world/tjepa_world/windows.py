"""Which observations and actions belong to a stretch of a trajectory, by number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from jaxtyping import Bool, Int
    from torch import Tensor

    from tjepa_world.trajectories import Trajectories

__all__ = ["Stretch", "Stretches"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Numbers of observations and actions, counted over all trajectories."""

    past: Int[Tensor, "batch history"]
    """The latest observations; the first of a trajectory stands for those before it."""
    actions: Int[Tensor, "batch rollout"]
    later: Int[Tensor, "batch rollout"]
    """What is observed after each action."""
    valid: Bool[Tensor, "batch rollout"]
    """False beyond the end of a trajectory, whose last step is repeated there."""


class Stretches:
    """A stretch for each step of each trajectory, that begins with it.

    Parameters
    ----------
    trajectories
        What is cut.
    history
        Observations before the first action.
    rollout
        Steps of a stretch.
    """

    def __init__(self, trajectories: Trajectories, history: int, rollout: int) -> None:
        steps = np.array([len(one) for one in trajectories.actions])
        owner = np.repeat(np.arange(len(steps)), steps)
        first_action = np.cumsum(steps) - steps
        self._time = torch.from_numpy(np.arange(steps.sum()) - first_action[owner])
        self._steps = torch.from_numpy(steps[owner])
        self._first_action = torch.from_numpy(first_action[owner])
        self._first_seen = self._first_action + torch.from_numpy(owner)  # one observation more in each trajectory
        self.history, self.rollout = history, rollout

    def __len__(self) -> int:
        return len(self._time)

    def take(self, index: Int[Tensor, " batch"]) -> Stretch:
        """The stretches with these numbers."""
        time, steps = self._time[index, None], self._steps[index, None]
        ahead = time + torch.arange(self.rollout)
        past = (time + torch.arange(1 - self.history, 1)).clamp(min=0)
        first_seen = self._first_seen[index, None]
        last = torch.minimum(ahead, steps - 1)
        return Stretch(first_seen + past, self._first_action[index, None] + last, first_seen + last + 1, ahead < steps)
