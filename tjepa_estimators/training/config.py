"""How to train: steps, rate, device, checkpoints."""

from __future__ import annotations

from dataclasses import dataclass

from tjepa_estimators.errors import ConfigError

__all__ = ["TrainConfig"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """Settings of one training run; the same for pretraining and fine-tuning.

    Examples
    --------
    >>> TrainConfig(steps=100, learning_rate=1e-3).steps
    100
    """

    steps: int = 300
    """Optimiser steps; ignored where ``epochs`` is given."""
    epochs: float | None = None
    """Passes over all windows, instead of ``steps``."""
    batch_size: int = 128
    """Windows per step, over all devices together."""
    accumulate: int = 1
    """Parts that a batch is read in, one after the other, where a whole one does not fit in memory."""
    learning_rate: float = 2e-3
    """Highest rate, after the warm-up."""
    weight_decay: float = 0.02
    warmup: float = 0.1
    """Share of the steps in which all rates rise, also those of fine-tuning; after it a cosine falls to zero."""
    gradient_clip: float = 1.0
    """Largest norm of the gradient."""
    accelerator: str = "cpu"
    """Lightning's accelerator: ``"cpu"``, ``"gpu"``, ``"auto"``."""
    devices: int = 1
    """Devices, or processes on the CPU."""
    strategy: str = "auto"
    """Lightning's strategy: ``"auto"``, ``"ddp"``, ``"fsdp"``."""
    precision: str = "32-true"
    """Lightning's precision: ``"32-true"``, ``"bf16-mixed"``."""
    seed: int = 0
    """Weights, batches, masks and dropout follow from it."""
    threads: int | None = None
    """Threads of torch while training; None takes one for small networks, on which more are slower."""
    checkpoint_dir: str | None = None
    """Folder to save the run in; called again with the same folder, a stopped run goes on."""
    checkpoint_every: int = 100
    """Steps between checkpoints."""
    progress: bool | None = None
    """Show a progress bar; None shows it on a terminal only."""

    def __post_init__(self) -> None:
        for name in ("steps", "batch_size", "accumulate", "devices", "checkpoint_every"):
            _require(getattr(self, name) >= 1, f"{name} must be at least 1", getattr(self, name))
        _require(self.epochs is None or self.epochs > 0, "epochs must be positive", self.epochs)
        _require(self.learning_rate > 0, "learning_rate must be positive", self.learning_rate)
        _require(self.weight_decay >= 0, "weight_decay must not be negative", self.weight_decay)
        _require(0.0 <= self.warmup < 1.0, "warmup must lie in [0, 1)", self.warmup)
        _require(self.gradient_clip > 0, "gradient_clip must be positive", self.gradient_clip)
        _require(self.threads is None or self.threads >= 1, "threads must be at least 1", self.threads)
        _require(
            self.batch_size % (self.devices * self.accumulate) == 0,
            f"batch_size must be a multiple of devices={self.devices} times accumulate={self.accumulate}",
            self.batch_size,
        )

    def num_steps(self, windows: int) -> int:
        """Optimiser steps for a set of ``windows`` windows."""
        return self.steps if self.epochs is None else max(1, round(self.epochs * windows / self.batch_size))


def _require(fact: bool, rule: str, given: object) -> None:
    if not fact:
        msg = f"TrainConfig: {rule}; got {given!r}."
        raise ConfigError(msg)
