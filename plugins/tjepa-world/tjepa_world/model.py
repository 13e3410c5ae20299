"""LatentWorldModel: any pretrained encoder, and a predictor that knows what is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np
import torch

from tjepa_estimators.artifact import PretrainedEncoder
from tjepa_estimators.errors import ConfigError, DataError, NotFittedError
from tjepa_estimators.nn.randomness import scoped_seed
from tjepa_estimators.nn.threads import limited_threads
from tjepa_estimators.settings import as_settings
from tjepa_estimators.training.config import TrainConfig
from tjepa_world.config import WorldConfig
from tjepa_world.dynamics import Dynamics
from tjepa_world.fitting import fit_frozen, fit_jointly
from tjepa_world.network import WorldNetwork, principal_head
from tjepa_world.reader import embed, raw_reader
from tjepa_world.scaling import moments
from tjepa_world.storage import read_world, write_world

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from pathlib import Path

    from jaxtyping import Float
    from torch import Tensor, nn

    from tjepa_world.trajectories import Trajectories

__all__ = ["LatentWorldModel"]

_REFERENCE = 512
"""Latents of training observations that are kept to tell what a usual distance is."""
_EQUAL = 1e-6
"""Difference of features, as a share of the largest one, that is rounding alone."""
_DEFAULTS = {"steps": 2000, "batch_size": 256, "learning_rate": 1e-3}


@dataclass(frozen=True, slots=True)
class _Fitted:
    """What fitting found."""

    encoder: PretrainedEncoder
    head: nn.Linear
    dynamics: Dynamics
    reference: Float[Tensor, "n dim"]
    observation_shape: tuple[int, ...]


class LatentWorldModel:
    """Predict what actions lead to, in the latent space of a pretrained encoder.

    Parameters
    ----------
    pretrained
        The encoder of the observations, of whatever kind they are.
    config
        A :class:`WorldConfig` or a dict of its fields.
    train
        A :class:`tjepa_estimators.TrainConfig` or a dict of its fields; 2,000 steps of 256 stretches by default.

    Examples
    --------
    >>> from tjepa_estimators import pretrain
    >>> from tjepa_world import Trajectories
    >>> random = np.random.default_rng(0)
    >>> pushes = random.uniform(-1, 1, (8, 20, 2))
    >>> places = np.concatenate([np.zeros((8, 1, 2)), 0.1 * pushes.cumsum(axis=1)], axis=1)
    >>> seen = Trajectories(list(places), list(pushes))
    >>> encoder = pretrain(seen.items, config="vectors-tiny", train={"steps": 2})
    >>> model = LatentWorldModel(encoder, train={"steps": 5}).fit(seen)
    >>> model.rollout(places[0, 0], pushes[0, :15]).shape
    (15, 32)
    """

    def __init__(
        self,
        pretrained: PretrainedEncoder | str | os.PathLike[str],
        config: WorldConfig | Mapping[str, Any] | None = None,
        train: TrainConfig | Mapping[str, Any] | None = None,
    ) -> None:
        self.pretrained = pretrained if isinstance(pretrained, PretrainedEncoder) else _load(pretrained)
        self.config = as_settings(WorldConfig, config)
        self.train = (
            train if isinstance(train, TrainConfig) else as_settings(TrainConfig, _DEFAULTS | dict(train or {}))
        )
        self._fitted: _Fitted | None = None

    def fit(self, trajectories: Trajectories) -> Self:
        """Learn to predict the trajectories. An action that never changes in them is taken to have no effect.

        Raises
        ------
        DataError
            The encoder does not read the observations or tells none from another, or no trajectory is as long as a
            rollout.
        """
        longest = max(map(len, trajectories.actions))
        if longest < self.config.rollout:
            msg = (
                f"The longest trajectory has {longest} steps, but rollout={self.config.rollout} are unrolled in "
                "training; record longer trajectories or lower WorldConfig.rollout."
            )
            raise DataError(msg)
        items = trajectories.items
        features = _differing(embed(self.pretrained, items, self.config.pool))
        with scoped_seed(self.train.seed):
            head = principal_head(features, self.config.latent_dim)
            dynamics = self._dynamics(head.out_features, trajectories.num_actions)
            _standardize(dynamics, np.concatenate(list(trajectories.actions)))
            network = self._joint_network(head, dynamics) if self.config.train_encoder else None
        encoder = self.pretrained
        if network is not None:
            fit_jointly(network, raw_reader(encoder, items), trajectories, self.config, self.train)
            encoder = _with_weights(encoder, cast("nn.Module", network.backbone))
            features = _differing(embed(encoder, items, self.config.pool))
        with torch.no_grad():
            latents = head(torch.from_numpy(features))
        reference = latents[np.random.default_rng(self.train.seed).permutation(len(latents))[:_REFERENCE]]
        # where the encoder was trained: the predictor has followed latents that moved, now they stand
        fit_frozen(WorldNetwork(head, dynamics, None, self.config), latents, trajectories, self.config, self.train)
        for part in (head, dynamics):
            part.eval().requires_grad_(requires_grad=False)
        self._fitted = _Fitted(encoder, head, dynamics, reference, trajectories.observation_shape)
        return self

    @property
    def encoder_(self) -> PretrainedEncoder:
        """The encoder: the given one, or what training made of it."""
        return self._known.encoder

    @property
    def latent_dim_(self) -> int:
        """Width of a latent."""
        return self._known.head.out_features

    @property
    def num_actions_(self) -> int:
        """Numbers in an action."""
        return self._known.dynamics.action_mean.numel()

    @property
    def observation_shape_(self) -> tuple[int, ...]:
        """Shape of one observation."""
        return self._known.observation_shape

    @property
    def dynamics_(self) -> Dynamics:
        """The predictor."""
        return self._known.dynamics

    @property
    def typical_distance_(self) -> float:
        """Median distance between the latents of two training observations that differ."""
        reference = self._known.reference
        distances = (reference - reference.roll(1, dims=0)).norm(dim=1)
        distances = distances if distances.any() else torch.pdist(reference)
        return float(distances[distances > 0].median())

    def novelty(self, latent: Float[Tensor, "steps dim"]) -> float:
        """Distance of latents to the nearest of the training, the furthest of them."""
        return float(torch.cdist(latent, self._known.reference).min(dim=1).values.max())

    def encode(self, observations: np.ndarray) -> Float[np.ndarray, "n dim"]:
        """The latents of observations ``[n, ...]``.

        Raises
        ------
        DataError
            They have another shape than those of the training.
        """
        return self._encode(observations).numpy()

    def rollout(
        self, observation: np.ndarray, actions: Float[np.ndarray, "*candidates horizon actions"]
    ) -> Float[np.ndarray, "*candidates horizon dim"]:
        """The latents that actions lead to, for one sequence of actions or for several candidates.

        Parameters
        ----------
        observation
            One observation, or the latest ones, oldest first, where the model has a ``history``. What is missing
            before them is taken to be as the oldest one.
        actions
            In the units of the training.
        """
        given = self.check_actions(actions)
        single = given.ndim == 2
        batch = torch.from_numpy(given[None] if single else given)
        with torch.inference_mode(), limited_threads(self._known.dynamics):
            latents = self.simulate(self.start(observation), batch).numpy()
        return latents[0] if single else latents

    def start(self, observation: np.ndarray) -> Float[Tensor, "history dim"]:
        """The latents that a prediction starts from; see ``rollout``."""
        latents = self._encode(self.check_observation(observation))
        return torch.cat([latents[:1].expand(self.config.history - len(latents), -1), latents])

    def check_observation(self, observation: np.ndarray) -> np.ndarray:
        """One observation, or the latest ones up to ``history``, as rows.

        Raises
        ------
        DataError
            They have another shape, or are too many.
        """
        shape, given = self._known.observation_shape, np.asarray(observation)
        rows = given[None] if given.shape == shape else given
        if rows.shape[1:] != shape or not 1 <= len(rows) <= self.config.history:
            msg = (
                f"An observation has the shape {shape}, and up to {self.config.history} of them can be given together, "
                f"but got shape {given.shape}."
            )
            raise DataError(msg)
        return rows

    def encode_goal(self, goal: np.ndarray) -> Float[Tensor, "steps dim"]:
        """The latents of a goal: of one observation, or of up to ``history`` that follow each other.

        Raises
        ------
        DataError
            It has another shape, or holds NaN: a distance to an unknown number means nothing.
        """
        rows = self.check_observation(goal)
        if rows.dtype.kind == "f" and np.isnan(rows).any():
            raise DataError("The goal holds NaN; give all of it, such as by an observation of the training.")
        return self._encode(rows)

    def simulate(
        self, start: Float[Tensor, "history dim"], actions: Float[Tensor, "candidates horizon actions"]
    ) -> Float[Tensor, "candidates horizon dim"]:
        """The same on tensors, for planners: no checks."""
        return self._known.dynamics.rollout(start.expand(len(actions), -1, -1), actions)

    def check_actions(self, actions: np.ndarray) -> Float[np.ndarray, "*candidates horizon actions"]:
        """Actions as numbers that the predictor takes.

        Raises
        ------
        DataError
            They have the wrong shape, or hold NaN.
        """
        given = np.array(actions, dtype=np.float32)
        if given.ndim not in {2, 3} or given.shape[-1] != self.num_actions_ or 0 in given.shape:
            msg = (
                f"actions must be [horizon, {self.num_actions_}] or [candidates, horizon, {self.num_actions_}], "
                f"but got shape {given.shape}."
            )
            raise DataError(msg)
        if not np.isfinite(given).all():
            raise DataError("actions hold NaN or infinite values; an action is always known.")
        return given

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Write everything into a folder, the encoder into a folder of its own in it; no pickle."""
        known = self._known
        tensors = {f"head.{name}": value for name, value in known.head.state_dict().items()}
        tensors |= {f"dynamics.{name}": value for name, value in known.dynamics.state_dict().items()}
        facts = {"actions": self.num_actions_, "observation_shape": list(known.observation_shape)}
        return write_world(
            folder, known.encoder, tensors | {"reference": known.reference}, self.config, self.train, facts
        )

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> Self:
        """Read what ``save`` wrote.

        Raises
        ------
        tjepa_estimators.errors.ArtifactError
            It is missing, damaged or of a newer version.
        """
        saved = read_world(folder)
        model = cls(saved.encoder, saved.config, saved.train)
        latent, features = saved.tensors["head.weight"].shape
        head = torch.nn.Linear(features, latent)
        dynamics = model._dynamics(latent, saved.actions)
        for name, part in (("head.", head), ("dynamics.", dynamics)):
            part.load_state_dict({k.removeprefix(name): v for k, v in saved.tensors.items() if k.startswith(name)})
            part.eval().requires_grad_(requires_grad=False)
        model._fitted = _Fitted(saved.encoder, head, dynamics, saved.tensors["reference"], saved.observation_shape)
        return model

    @property
    def _known(self) -> _Fitted:
        if self._fitted is None:
            raise NotFittedError("This world model is not fitted; call fit(trajectories) first.")
        return self._fitted

    def _encode(self, observations: np.ndarray) -> Float[Tensor, "n dim"]:
        known, given = self._known, np.asarray(observations)
        if given.shape[1:] != known.observation_shape or given.ndim == 0:
            msg = f"observations must be [n, *{known.observation_shape}], but got shape {given.shape}."
            raise DataError(msg)
        with torch.no_grad():
            return known.head(torch.from_numpy(embed(known.encoder, given, self.config.pool)))

    def _dynamics(self, latent_dim: int, actions: int) -> Dynamics:
        return Dynamics(latent_dim, actions, self.config.history, self.config.width, self.config.depth)

    def _joint_network(self, head: nn.Linear, dynamics: Dynamics) -> WorldNetwork:
        # tokenizer and encoder as they embed: the averaged network
        backbone = self.pretrained.build().teacher.module.requires_grad_(requires_grad=True)
        return WorldNetwork(head, dynamics, cast("Any", backbone), self.config)


def _load(given: object) -> PretrainedEncoder:
    if isinstance(given, str) or hasattr(given, "__fspath__"):
        return PretrainedEncoder.load(cast("str", given))
    msg = f"pretrained must be a PretrainedEncoder, a folder or a hub id, but got {type(given).__name__}."
    raise ConfigError(msg)


def _differing(features: Float[np.ndarray, "n features"]) -> Float[np.ndarray, "n features"]:
    if np.ptp(features, axis=0).max() <= _EQUAL * np.abs(features).max():
        raise DataError("All observations are the same to the encoder: they do not differ, or it has collapsed.")
    return features


def _standardize(dynamics: Dynamics, actions: Float[np.ndarray, "steps actions"]) -> None:
    # what was never varied has no known effect: divided by infinity, it has none
    mean, deviation = moments(actions, constant=np.inf)
    dynamics.action_mean.copy_(torch.from_numpy(mean))
    dynamics.action_deviation.copy_(torch.from_numpy(deviation))


def _with_weights(encoder: PretrainedEncoder, backbone: nn.Module) -> PretrainedEncoder:
    """The artifact with other weights of the encoder, in the network and in its average."""
    jepa = encoder.build()
    for part in (jepa.student, jepa.teacher.module):
        part.load_state_dict(backbone.state_dict())
    return PretrainedEncoder(encoder.info, jepa.state_dict())
