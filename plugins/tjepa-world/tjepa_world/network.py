"""The parts of a world model that learn, in one module."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from sklearn.decomposition import PCA
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

if TYPE_CHECKING:
    from jaxtyping import Float

    from tjepa_estimators.nn.backbone import Backbone
    from tjepa_world.config import WorldConfig
    from tjepa_world.dynamics import Dynamics

__all__ = ["WorldNetwork", "principal_head"]

_WIDE = 2048
"""Features from which their principal components are sought at random, in place of the covariance of all of them."""


def principal_head(features: Float[np.ndarray, "n features"], latent_dim: int) -> nn.Linear:
    """A linear map to the principal components of features, scaled by one number so that their mean variance is 1.

    No component is scaled by itself: a distance between latents is a distance between features. There are no more of
    them than features, or than rows.
    """
    dim = min(latent_dim, *features.shape)
    # side by side, the tokens of a picture are more features than can be squared
    is_wide = features.shape[1] > _WIDE
    solver = PCA(dim, svd_solver="randomized" if is_wide else "covariance_eigh", random_state=0)
    found = solver.fit(features if is_wide else features.astype(np.float64))
    weight = found.components_ / np.sqrt(max(found.explained_variance_.mean(), 1e-12))
    head = nn.Linear(features.shape[1], dim)
    with torch.no_grad():
        head.weight.copy_(torch.from_numpy(weight))
        head.bias.copy_(torch.from_numpy(-weight @ found.mean_))
    return head


class WorldNetwork(nn.Module):
    """Head and predictor, and, where the encoder is trained, that one and the averages that make the targets.

    Parameters
    ----------
    head
        From an encoder's features to a latent.
    dynamics
        From latents and an action to the next latent.
    backbone
        The encoder, if it is to be trained.
    config
        How.
    """

    def __init__(self, head: nn.Linear, dynamics: Dynamics, backbone: Backbone | None, config: WorldConfig) -> None:
        super().__init__()
        self.head, self.dynamics = head, dynamics
        self.backbone = backbone
        latent, actions = head.out_features, dynamics.action_mean.numel()
        average = get_ema_multi_avg_fn(config.momentum)
        self.target: AveragedModel | None = None
        self.inverse: nn.Module | None = None
        if backbone is not None:
            both = nn.ModuleDict({"backbone": backbone, "head": head})
            self.target = AveragedModel(both, multi_avg_fn=average).requires_grad_(requires_grad=False)
            self.target.n_averaged.fill_(1)  # zero would make the first update a copy
            self.inverse = nn.Sequential(
                nn.Linear(2 * latent, config.width), nn.SiLU(), nn.Linear(config.width, actions)
            )

    @torch.no_grad()
    def update_target(self) -> None:
        """Move the target a little towards what was learned."""
        if self.target is not None and self.backbone is not None:
            self.target.update_parameters(nn.ModuleDict({"backbone": self.backbone, "head": self.head}))

    def train(self, mode: bool = True) -> WorldNetwork:
        """Set the training mode; the target never drops anything out."""
        super().train(mode)
        if self.target is not None:
            self.target.eval()
        return self
