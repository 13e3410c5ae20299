"""A cost that is learned: from latents and actions to the costs that trajectories came with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from tjepa_estimators.data.stacked import StackedSamples
from tjepa_estimators.errors import ConfigError, DataError
from tjepa_estimators.nn.randomness import scoped_seed
from tjepa_estimators.settings import as_settings
from tjepa_estimators.training.config import TrainConfig
from tjepa_estimators.training.run import finetune
from tjepa_world.fitting import in_stage
from tjepa_world.windows import Stretches

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jaxtyping import Float, Int
    from torch import Tensor

    from tjepa_world.model import LatentWorldModel
    from tjepa_world.trajectories import Trajectories

__all__ = ["LearnedCost", "learn_cost"]

_DEFAULTS = {"steps": 1500, "batch_size": 256, "learning_rate": 2e-3}
_HELD = 0.1
_RIDGE = 1e-3


class LearnedCost(nn.Module):
    """What a state that was led to, with the latents before it, and the action cost.

    Parameters
    ----------
    inputs
        Numbers in a state and an action together.
    width
        Of the hidden layers; 0 makes it linear.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, inputs: int, width: int = 128) -> None:
        super().__init__()
        self.inputs = inputs
        self.register_buffer("mean", torch.zeros(()))
        self.register_buffer("deviation", torch.ones(()))
        self.layers: nn.Module = nn.Linear(inputs, 1)
        if width:
            self.layers = nn.Sequential(
                nn.Linear(inputs, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, 1)
            )

    def forward(
        self,
        states: Float[Tensor, "candidates horizon history dim"],
        actions: Float[Tensor, "candidates horizon actions"],
    ) -> Float[Tensor, "candidates"]:
        """The mean cost of each candidate."""
        return self.each(states, actions).mean(dim=1)

    def each(self, states: Tensor, actions: Tensor) -> Float[Tensor, "candidates horizon"]:
        """The cost of each step.

        Raises
        ------
        ConfigError
            States and actions are as wide as those of another model.
        """
        width = states.shape[2:].numel() + actions.shape[2]
        if width != self.inputs:
            msg = f"This cost was learned on {self.inputs} numbers a step, but the model has {width}; learn it anew."
            raise ConfigError(msg)
        return self.scaled(torch.cat([states.flatten(2), actions], dim=2)) * self.deviation + self.mean

    def scaled(self, rows: Float[Tensor, "*batch inputs"]) -> Float[Tensor, "*batch"]:
        """Standardised costs of states and actions side by side."""
        return self.layers(rows).squeeze(-1)


def learn_cost(
    model: LatentWorldModel,
    trajectories: Trajectories,
    *,
    kind: str = "mlp",
    train: TrainConfig | Mapping[str, Any] | None = None,
) -> LearnedCost:
    """Learn what a step costs, minus its reward, from latents.

    Parameters
    ----------
    model
        A fitted world model.
    trajectories
        With ``rewards``; a reward follows from the action and from where it leads.
    kind
        ``"mlp"`` or ``"ridge"``, a linear map in closed form.
    train
        How the layers are trained.

    Raises
    ------
    DataError
        There are no rewards, or some are not finite.
    ConfigError
        ``kind`` is unknown.
    """
    if kind not in {"mlp", "ridge"}:
        msg = f"kind must be 'mlp' or 'ridge', but got {kind!r}."
        raise ConfigError(msg)
    if not trajectories.rewards:
        raise DataError(
            "A cost is learned from rewards, but these trajectories have none; give Trajectories(rewards=)."
        )
    costs = -torch.from_numpy(np.concatenate(list(trajectories.rewards)).astype(np.float32))
    if not costs.isfinite().all():
        raise DataError("rewards hold NaN or infinite values; leave out the trajectories that have them.")
    rows = _rows(model, trajectories)
    settings = train if isinstance(train, TrainConfig) else as_settings(TrainConfig, _DEFAULTS | dict(train or {}))
    with scoped_seed(settings.seed):
        cost = LearnedCost(rows.shape[1], 128 if kind == "mlp" else 0)
    cost.mean.copy_(costs.mean())
    cost.deviation.copy_(costs.std(correction=0).clamp(min=1e-8))
    targets = (costs - cost.mean) / cost.deviation
    if kind == "ridge":
        _solve(cost, rows, targets)
    else:
        _train(cost, rows, targets, settings)
    return cost.eval().requires_grad_(requires_grad=False)


def _rows(model: LatentWorldModel, trajectories: Trajectories) -> Float[Tensor, "steps inputs"]:
    """For each step the state that it led to, and its action."""
    latents = torch.from_numpy(model.encode(trajectories.items))
    stretches = Stretches(trajectories, model.config.history, 1)
    stretch = stretches.take(torch.arange(len(stretches)))
    numbers = torch.cat([stretch.past, stretch.later], dim=1)[:, 1:]
    actions = torch.from_numpy(np.concatenate(list(trajectories.actions)).astype(np.float32))
    return torch.cat([latents[numbers].flatten(1), actions], dim=1)


def _solve(cost: LearnedCost, rows: Tensor, targets: Tensor) -> None:
    wide = torch.cat([rows, torch.ones(len(rows), 1)], dim=1).double()
    gram = wide.mT @ wide + _RIDGE * len(rows) * torch.eye(wide.shape[1], dtype=torch.float64)
    solution = torch.linalg.solve(gram, wide.mT @ targets.double()).float()
    cost.layers.load_state_dict({"weight": solution[None, :-1], "bias": solution[-1:]})


def _train(cost: LearnedCost, rows: Tensor, targets: Tensor, train: TrainConfig) -> None:
    kept = round(len(rows) * _HELD)
    seen = len(rows) - kept

    def loss(module: nn.Module, index: Int[Tensor, " batch"], _: torch.Generator) -> Float[Tensor, ""]:
        return _error(module, rows[index], targets[index])

    def judge(module: nn.Module) -> float:
        return float(_error(module, rows[seen:], targets[seen:]))

    rates = [(list(cost.parameters()), 1.0)]
    identity = {"data": [StackedSamples(one.numpy()).digest() for one in (rows, targets)]}
    finetune(cost, loss, seen, rates, in_stage(train, "cost"), identity=identity, judge=judge if kept else None)


def _error(module: nn.Module, rows: Tensor, targets: Tensor) -> Float[Tensor, ""]:
    assert isinstance(module, LearnedCost)  # noqa: S101 - the training loop knows modules only
    device = module.mean.device
    return (module.scaled(rows.to(device)) - targets.to(device)).square().mean()
