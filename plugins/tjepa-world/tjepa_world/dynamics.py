"""The predictor of a world model: from latents and an action to the next latent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

__all__ = ["Dynamics"]


class _Layer(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.SiLU())

    def forward(self, x: Float[Tensor, "batch width"]) -> Float[Tensor, "batch width"]:
        return x + self.layers(x)


class Dynamics(nn.Module):
    """Add to the latest latent what an action changes in it.

    A residual network on the latest latents, side by side, and the action; it starts as copy-last.

    Examples
    --------
    >>> dynamics = Dynamics(latent_dim=4, actions=2, history=3, width=16, depth=1)
    >>> dynamics.rollout(torch.randn(5, 3, 4), torch.randn(5, 7, 2)).shape
    torch.Size([5, 7, 4])
    """

    action_mean: Tensor
    action_deviation: Tensor

    def __init__(self, latent_dim: int, actions: int, history: int, width: int, depth: int) -> None:
        super().__init__()
        self.register_buffer("action_mean", torch.zeros(actions))
        self.register_buffer("action_deviation", torch.ones(actions))
        self.project_in = nn.Linear(history * latent_dim + actions, width)
        self.layers = nn.Sequential(*(_Layer(width) for _ in range(depth)))
        self.project_out = nn.Linear(width, latent_dim)
        nn.init.zeros_(self.project_out.weight)
        nn.init.zeros_(self.project_out.bias)

    def forward(
        self, state: Float[Tensor, "batch history dim"], action: Float[Tensor, "batch actions"]
    ) -> Float[Tensor, "batch dim"]:
        """The next latent; actions are in the user's units."""
        return self._step(state, (action - self.action_mean) / self.action_deviation)

    def rollout(
        self, state: Float[Tensor, "batch history dim"], actions: Float[Tensor, "batch steps actions"]
    ) -> Float[Tensor, "batch steps dim"]:
        """The latents that follow, each predicted from those before it."""
        scaled, latents = (actions - self.action_mean) / self.action_deviation, []
        for action in scaled.unbind(dim=1):
            latents.append(self._step(state, action))
            state = torch.cat([state[:, 1:], latents[-1].unsqueeze(1)], dim=1)
        return torch.stack(latents, dim=1)

    def _step(self, state: Tensor, action: Tensor) -> Tensor:
        hidden = self.layers(self.project_in(torch.cat([state.flatten(1), action], dim=1)))
        return state[:, -1] + self.project_out(hidden)
