"""Settings of a world model."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.nn.pooling import POOLS

__all__ = ["WorldConfig"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldConfig:
    """What a latent is made of, how the predictor is built, and whether the encoder learns with it.

    Examples
    --------
    >>> WorldConfig(history=3, train_encoder=True).rollout
    8
    """

    pool: str | None = None
    """How an encoder's tokens become one vector: ``"mean"``, ``"max"``, ``"first"``, or None: side by side, which keeps
    where something is."""
    latent_dim: int = 32
    """Width of a latent; the encoder's features are brought to it by their principal components."""
    history: int = 1
    """Latents that the predictor sees; more than one where an observation alone does not tell what moves."""
    width: int = 128
    """Width of the predictor's layers."""
    depth: int = 2
    """Residual layers of the predictor."""
    rollout: int = 8
    """Steps that the predictor is unrolled for in training."""
    validation: float = 0.1
    """Share of the trajectories that is held out, to keep the weights that predict them best; not while the encoder is
    trained, where errors at different times are in different spaces."""
    train_encoder: bool = False
    """Train the encoder with the predictor: a JEPA whose targets are later observations and whose predictor knows the
    actions. Then the predictor alone, for as many steps, on latents that no longer change."""
    encoder_rate: float = 0.3
    """Share of the learning rate that the encoder is trained with."""
    momentum: float = 0.99
    """Momentum of the encoder's average, which makes the targets, where the encoder is trained."""
    variance: float = 1.0
    """Weight of VICReg's variance term on the latents, where the encoder is trained."""
    covariance: float = 0.1
    """Weight of VICReg's covariance term."""
    inverse: float = 0.1
    """Weight of reading the action from two latents that follow each other, as in PLDM (arXiv 2502.14819): it keeps
    what can be moved in the latents."""

    def __post_init__(self) -> None:
        for name in ("latent_dim", "history", "width", "depth", "rollout"):
            _require(getattr(self, name) >= 1, f"{name} must be at least 1", getattr(self, name))
        _require(self.pool is None or self.pool in POOLS, f"pool must be one of {sorted(POOLS)} or None", self.pool)
        _require(0.0 <= self.validation < 1.0, "validation must lie in [0, 1)", self.validation)
        _require(0.0 <= self.momentum <= 1.0, "momentum must lie in [0, 1]", self.momentum)
        for name in ("encoder_rate", "variance", "covariance", "inverse"):
            _require(0.0 <= getattr(self, name) < math.inf, f"{name} must not be negative", getattr(self, name))
        _require(
            not self.train_encoder or (self.variance > 0.0 and self.covariance > 0.0),
            "train_encoder needs variance and covariance: without them all latents become one",
            (self.variance, self.covariance),
        )


def _require(fact: bool, rule: str, given: object) -> None:
    if not fact:
        msg = f"WorldConfig: {rule}; got {given!r}."
        raise ConfigError(msg)
