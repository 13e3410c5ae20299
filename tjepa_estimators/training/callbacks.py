"""Callbacks: watch the representation, write checkpoints that a killed run can go on from."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from tjepa_estimators.errors import ConfigError
from tjepa_estimators.jepa.diagnostics import Diagnostics, diagnose, warn_on_collapse
from tjepa_estimators.nn.auxiliary import encoder_diagnostics
from tjepa_estimators.training.steps import StepCallback

if TYPE_CHECKING:
    import pytorch_lightning as pl

    from tjepa_estimators.data.windows import WindowSource
    from tjepa_estimators.training.module import PretrainModule

__all__ = ["CollapseWatch", "DomainWatch", "Resumable"]

_SETTLED = 100
"""Steps that a run must have before it is judged: on shorter ones no predictor beat the mean target yet."""


class CollapseWatch(StepCallback):
    """Measure the health of the representation along the way and warn if it degenerates.

    It is always measured on the same windows with the same future hidden: batches and masks differ from
    step to step by more than the representation does.
    """

    def __init__(self, every: int, notify: Callable[[int, Diagnostics], None] | None = None) -> None:
        self.every = every
        self.notify = notify
        self.first: Diagnostics | None = None
        self.last: Diagnostics | None = None

    def on_train_start(self, trainer: pl.Trainer, pl_module: PretrainModule) -> None:  # type: ignore[override]
        """Measure the untrained network, unless a stopped run did so before."""
        if self.first is None:
            self.first = self._measure(trainer.global_step, pl_module)

    def after_step(self, trainer: pl.Trainer, pl_module: PretrainModule) -> None:  # type: ignore[override]
        """Measure now and then."""
        step = trainer.global_step
        if step % self.every == 0 or step == pl_module.steps:
            self.last = self._measure(step, pl_module)

    def on_train_end(self, trainer: pl.Trainer, *_: object) -> None:
        """Say what to change if the representation degenerated."""
        if self.first is not None and self.last is not None and trainer.max_steps >= _SETTLED:
            warn_on_collapse(self.last, self.first)

    def state_dict(self) -> dict[str, Any]:
        """The measurements so far: a continued run cannot take the first again, a finished one not the last."""
        taken = {"first": self.first, "last": self.last}
        return {name: asdict(health) for name, health in taken.items() if health is not None}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the measurements over from the run that was stopped."""
        for name, numbers in state_dict.items():
            setattr(self, name, Diagnostics.from_dict(numbers))

    def _measure(self, step: int, module: PretrainModule) -> Diagnostics:
        module.eval()
        finest, *coarser = module.config.resolutions
        health = replace(_look(module, finest), coarser={factor: _look(module, factor) for factor in coarser})
        module.train()
        if self.notify is not None:
            self.notify(step, health)
        return health


class DomainWatch(StepCallback):
    """Measure each domain on windows that training does not see, along the way and at the end."""

    def __init__(self, every: int, sources: Mapping[str, WindowSource]) -> None:
        self.every = every
        self.sources = sources
        self.last: dict[str, Diagnostics] = {}

    def after_step(self, trainer: pl.Trainer, pl_module: PretrainModule) -> None:  # type: ignore[override]
        """Measure now and then."""
        step = trainer.global_step
        if self.sources and (step % self.every == 0 or step == pl_module.steps):
            pl_module.eval()
            finest = pl_module.config.resolutions[0]
            self.last = {name: _look(pl_module, finest, source) for name, source in self.sources.items()}
            pl_module.train()

    def state_dict(self) -> dict[str, Any]:
        """The latest measurements: a finished run that is called again takes none."""
        return {name: asdict(health) for name, health in self.last.items()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the measurements over from the run that was stopped."""
        self.last = {name: Diagnostics.from_dict(numbers) for name, numbers in state_dict.items()}


def _look(module: PretrainModule, factor: int, source: WindowSource | None = None) -> Diagnostics:
    jepa = module.model.at(factor)
    with torch.no_grad():
        output = jepa(*module.probe(factor, source))
    return diagnose(output, module.config.loss, encoder_diagnostics(jepa.student))


class Resumable(StepCallback):
    """Save the whole training state every so many steps, never leaving a half-written file.

    Parameters
    ----------
    folder
        Where to; pretraining and fine-tuning may share it.
    stage
        Name of the file, such as ``"pretrain"``.
    every
        Steps between two savings.
    identity
        All that the result depends on, as one string: a run with another identity is not continued.
    """

    def __init__(self, folder: str | os.PathLike[str], stage: str, every: int, identity: str) -> None:
        self.path = Path(folder) / f"{stage}.ckpt"
        self.every = every
        self.identity = identity

    def found(self) -> str | None:
        """The checkpoint to go on from, if there is one.

        Raises
        ------
        ConfigError
            The folder holds a run with other settings or other data.
        """
        if not self.path.exists():
            return None
        written = self.path.with_suffix(".settings").read_text()
        if written != self.identity:
            msg = (
                f"{self.path.parent} holds a run with other settings or data; choose another checkpoint_dir, or "
                f"delete it. There: {written}. Now: {self.identity}."
            )
            raise ConfigError(msg)
        return str(self.path)

    def on_fit_start(self, trainer: pl.Trainer, *_: object) -> None:
        """Make the folder and note what the run is, before there is anything to go on from."""
        if trainer.is_global_zero and not self.path.exists():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.with_suffix(".settings").write_text(self.identity)

    def after_step(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:  # noqa: ARG002 - the contract
        """Save, now and then and at the last step, be it the last because a callback before this one said so."""
        is_last = trainer.global_step == trainer.max_steps or trainer.should_stop
        if trainer.global_step % self.every and not is_last:
            return
        unfinished = self.path.with_suffix(".unfinished")
        trainer.save_checkpoint(unfinished)
        if trainer.is_global_zero:
            unfinished.replace(self.path)
