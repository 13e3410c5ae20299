"""Fit a world model's network to trajectories, in the core's training loop."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from torch import nn

from tjepa_estimators.data.stacked import StackedSamples
from tjepa_estimators.jepa.losses import covariance_loss, variance_loss
from tjepa_estimators.settings import to_dict
from tjepa_estimators.training.run import finetune
from tjepa_world.windows import Stretches

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Int
    from torch import Tensor

    from tjepa_estimators.nn.backbone import Backbone
    from tjepa_estimators.training.config import TrainConfig
    from tjepa_world.config import WorldConfig
    from tjepa_world.network import WorldNetwork
    from tjepa_world.reader import RawReader
    from tjepa_world.trajectories import Trajectories
    from tjepa_world.windows import Stretch

__all__ = ["fit_frozen", "fit_jointly", "in_stage", "rollout_error"]

_JUDGED = 2048
"""Stretches of held-out trajectories that are predicted to judge weights."""


def rollout_error(
    prediction: Float[Tensor, "batch rollout dim"],
    target: Float[Tensor, "batch rollout dim"],
    valid: Bool[Tensor, "batch rollout"],
) -> Float[Tensor, ""]:
    """Mean squared error of predicted latents over the steps that there are."""
    error = (prediction - target).square().mean(dim=2)
    return (error * valid).sum() / valid.sum().clamp(min=1)


def fit_frozen(
    network: WorldNetwork,
    latents: Float[Tensor, "observations dim"],
    trajectories: Trajectories,
    config: WorldConfig,
    train: TrainConfig,
) -> None:
    """Train the predictor on latents that do not change."""
    kept = min(round(len(trajectories) * config.validation), len(trajectories) - 1)
    seen = trajectories.take(0, len(trajectories) - kept)
    actions = _actions(trajectories)
    stretches = Stretches(seen, config.history, config.rollout)

    def error(module: WorldNetwork, stretch: Stretch) -> Float[Tensor, ""]:
        device = module.dynamics.action_mean.device
        start, done, target = (
            part.to(device) for part in (latents[stretch.past], actions[stretch.actions], latents[stretch.later])
        )
        return rollout_error(module.dynamics.rollout(start, done), target, stretch.valid.to(device))

    def loss(module: nn.Module, index: Int[Tensor, " batch"], _: torch.Generator) -> Float[Tensor, ""]:
        return error(_as_world(module), stretches.take(index))

    judge = None
    if kept:
        everything = Stretches(trajectories, config.history, config.rollout)
        held = torch.arange(len(stretches), len(everything))
        chosen = everything.take(held[:: max(1, len(held) // _JUDGED)])

        def judge(module: nn.Module) -> float:
            return float(error(_as_world(module), chosen))

    rates = [(list(network.dynamics.parameters()), 1.0)]
    identity = _identity(trajectories, config)
    finetune(network, loss, len(stretches), rates, in_stage(train, "predictor"), identity=identity, judge=judge)


def fit_jointly(
    network: WorldNetwork, read: RawReader, trajectories: Trajectories, config: WorldConfig, train: TrainConfig
) -> None:
    """Train encoder, head and predictor: a JEPA whose targets are the latents of later observations."""
    actions = _actions(trajectories)
    stretches = Stretches(trajectories, config.history, config.rollout)

    def loss(module: nn.Module, index: Int[Tensor, " batch"], _: torch.Generator) -> Float[Tensor, ""]:
        world, stretch = _as_world(module), stretches.take(index)
        return _joint_loss(world, read, stretch, actions[stretch.actions], config)

    heads = [network.head, network.dynamics, network.inverse]
    rates = [
        ([one for part in heads if part is not None for one in part.parameters()], 1.0),
        ([] if network.backbone is None else list(network.backbone.parameters()), config.encoder_rate),
    ]
    train, identity = in_stage(train, "joint"), _identity(trajectories, config)
    finetune(network, loss, len(stretches), rates, train, network.update_target, identity)


def in_stage(train: TrainConfig, stage: str) -> TrainConfig:
    """The same settings, with checkpoints in a folder of the stage's own."""
    return train if train.checkpoint_dir is None else replace(train, checkpoint_dir=f"{train.checkpoint_dir}/{stage}")


def _joint_loss(
    world: WorldNetwork, read: RawReader, stretch: Stretch, actions: Tensor, config: WorldConfig
) -> Float[Tensor, ""]:
    assert world.backbone is not None  # noqa: S101 - built for this
    assert world.target is not None  # noqa: S101 - the same
    assert world.inverse is not None  # noqa: S101 - the same
    actions = actions.to(world.dynamics.action_mean.device)
    # the observation after the first action is encoded too: the inverse model reads the action from both
    shown = torch.cat([stretch.past, stretch.later[:, :1]], dim=1)
    latents = world.head(read(shown.flatten(), world.backbone, config.pool)).unflatten(0, shown.shape)
    average = cast("nn.ModuleDict", world.target.module)
    with torch.no_grad():
        goal = average["head"](read(stretch.later.flatten(), cast("Backbone", average["backbone"]), config.pool))
        goal = goal.unflatten(0, stretch.later.shape)
    predicted = world.dynamics.rollout(latents[:, :-1], actions)
    loss = rollout_error(predicted, goal, stretch.valid.to(goal.device))
    now = latents[:, -2:].transpose(0, 1)  # a slot for each of two steps
    loss = loss + config.variance * variance_loss(now) + config.covariance * covariance_loss(now)
    guess = world.inverse(latents[:, -2:].flatten(1))
    first = (actions[:, 0] - world.dynamics.action_mean) / world.dynamics.action_deviation
    return loss + config.inverse * (guess - first).square().mean()


def _actions(trajectories: Trajectories) -> Float[Tensor, "steps actions"]:
    return torch.from_numpy(np.concatenate(list(trajectories.actions)).astype(np.float32))


def _identity(trajectories: Trajectories, config: WorldConfig) -> dict[str, object]:
    """What else the result depends on than settings of training and weights."""
    arrays = [trajectories.items, np.concatenate(list(trajectories.actions))]
    data = [StackedSamples(one).digest() for one in arrays]
    return {"data": data, "steps": [len(one) for one in trajectories.actions], "world": to_dict(config)}


def _as_world(module: nn.Module) -> WorldNetwork:
    return module  # type: ignore[return-value] # the training loop knows modules only
