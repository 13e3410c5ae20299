"""Costs: how far latents are from those of a goal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import torch

from tjepa_estimators.errors import ConfigError

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

__all__ = ["Cost", "GoalCost", "states_of"]

_PATH = 0.1
"""Weight of the path where the distance counts at one step."""


class Cost(Protocol):
    """What states and actions cost."""

    def __call__(
        self,
        states: Float[Tensor, "candidates horizon history dim"],
        actions: Float[Tensor, "candidates horizon actions"],
    ) -> Float[Tensor, "candidates"]:
        """The cost of each candidate; a state is what an action led to, with the latents before it."""
        ...


@dataclass(frozen=True, eq=False)
class GoalCost:
    """Mean squared latent distance to a goal.

    Parameters
    ----------
    goal
        Latents of the goal: of one observation, or of several that follow each other, where speed belongs to it.
    focus
        ``"final"``: mostly at the last step, so that a way round is not punished; ``"path"``: averaged over all steps,
        so that the goal is reached early and kept; ``"nearest"``: mostly at the step that comes closest.

    Raises
    ------
    ConfigError
        If ``focus`` is unknown.
    """

    goal: Float[Tensor, "steps dim"]
    focus: str = "final"

    def __post_init__(self) -> None:
        if self.focus not in {"path", "final", "nearest"}:
            msg = f"focus must be 'path', 'final' or 'nearest', but got {self.focus!r}."
            raise ConfigError(msg)

    def __call__(
        self,
        states: Float[Tensor, "candidates horizon history dim"],
        actions: Float[Tensor, "candidates horizon actions"],  # noqa: ARG002 - one signature for all costs
    ) -> Float[Tensor, "candidates"]:
        """The cost of each candidate."""
        squares = self.distances(states).square()
        if self.focus == "path":
            return squares.mean(dim=1)
        # else a search at each step would put off what it can still do later
        return (squares[:, -1] if self.focus == "final" else squares.min(dim=1).values) + _PATH * squares.mean(dim=1)

    def distances(self, states: Float[Tensor, "candidates horizon history dim"]) -> Float[Tensor, "candidates horizon"]:
        """Distance of each step to the goal."""
        known = min(len(self.goal), states.shape[2])
        return (states[:, :, -known:] - self.goal[-known:]).square().sum(dim=3).mean(dim=2).sqrt()


def states_of(
    start: Float[Tensor, "history dim"], latents: Float[Tensor, "candidates horizon dim"]
) -> Float[Tensor, "candidates horizon history dim"]:
    """Each predicted latent with those before it."""
    history = len(start)
    if history == 1:
        return latents.unsqueeze(2)
    whole = torch.cat([start[1:].expand(len(latents), -1, -1), latents], dim=1)
    return whole.unfold(1, history, 1).transpose(2, 3)
