"""Settings of a mixture of experts, with those of its experts checked early."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

from tjepa_estimators.errors import ConfigError, PluginError
from tjepa_estimators.plugins import get_encoder
from tjepa_estimators.settings import as_settings

__all__ = ["MoEConfig"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MoEConfig:
    """Size of a :class:`~tjepa_moe.encoder.MoEEncoder` and what its experts are.

    Examples
    --------
    >>> MoEConfig(expert="transformer", expert_config={"heads": 2}).expert_settings().depth
    1
    """

    depth: int = 2
    """Number of blocks, each with experts of its own."""
    experts: int = 4
    """Experts in a block."""
    top_k: int = 2
    """Experts that each sequence is sent to."""
    expert: str = "transformer"
    """A registered encoder, see :func:`tjepa_estimators.list_plugins`."""
    expert_config: dict[str, Any] | None = None
    """Settings of each expert; its ``depth`` is 1 unless they say otherwise."""
    balance: float = 0.01
    """Weight of the load-balance loss, which keeps all experts in use; 0 leaves it out."""
    gradient_checkpointing: bool = False
    """Recompute each block in the backward pass instead of keeping its activations."""

    def __post_init__(self) -> None:
        if self.depth < 1 or not 1 <= self.top_k <= self.experts:
            msg = f"depth must be at least 1 and top_k in 1..experts; got {self}."
            raise ConfigError(msg)
        if not 0.0 <= self.balance < math.inf:
            msg = f"balance must be a finite weight that is not negative; got {self.balance}."
            raise ConfigError(msg)
        self.expert_settings()

    def expert_settings(self) -> Any:  # noqa: ANN401 - the config of another encoder
        """The config of one expert.

        Raises
        ------
        ConfigError
            The expert is not installed, is a mixture itself, or does not know one of the settings.
        """
        if self.expert == "moe":
            msg = "expert='moe': an expert cannot be a mixture itself; raise experts or depth, or name another encoder."
            raise ConfigError(msg)
        try:
            kind = get_encoder(self.expert).load_config()
            one_block = {"depth": 1} if any(field.name == "depth" for field in fields(kind)) else {}
            return as_settings(kind, one_block | (self.expert_config or {}))
        except (ConfigError, PluginError) as error:
            msg = f"expert={self.expert!r}, expert_config={self.expert_config!r}: {error}"
            raise ConfigError(msg) from error
