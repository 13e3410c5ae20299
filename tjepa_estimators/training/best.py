"""Early stopping: the weights that do best on held-out data are the ones that a training ends with."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import torch

from tjepa_estimators.training.steps import StepCallback

if TYPE_CHECKING:
    import pytorch_lightning as pl
    from torch import Tensor, nn

    from tjepa_estimators.training.module import FinetuneModule

__all__ = ["BestWeights", "FinetuneReport", "Judge"]

_CHECKS = 20
"""Checks in a run that is not stopped early."""

Judge: TypeAlias = "Callable[[nn.Module], float]"
"""Held-out error of a network, which is in evaluation mode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FinetuneReport:
    """What a fine-tuning came to; errors are those on the held-out tail."""

    steps: int
    """Steps that were run."""
    best_step: int
    """Step whose weights were kept; 0 for those that it began with."""
    start: float
    """Error at the start."""
    best: float
    """Error of the weights that were kept."""


class BestWeights(StepCallback):
    """Judge the network along the way, the start included, and stop where it gains no more.

    A checkpoint holds all of this, so a run that was stopped by force ends as one that was not.

    Parameters
    ----------
    judge
        Held-out error of the network.
    steps
        Steps of the whole run; it is judged about twenty times.
    patience
        Checks without gain after which to stop; None never does.
    """

    def __init__(self, judge: Judge, steps: int, patience: int | None) -> None:
        self.judge = judge
        self.steps = steps
        self.every = max(1, steps // _CHECKS)
        self.patience = patience
        self.start = self.best = math.inf
        self.best_step = self.last_step = self.waited = 0
        self.weights: dict[str, Tensor] = {}

    @property
    def report(self) -> FinetuneReport:
        """What it came to."""
        return FinetuneReport(steps=self.last_step, best_step=self.best_step, start=self.start, best=self.best)

    def restore(self, network: nn.Module) -> None:
        """Give a network the best weights."""
        network.load_state_dict(self.weights)

    def on_train_start(self, trainer: pl.Trainer, pl_module: FinetuneModule) -> None:  # type: ignore[override]
        """Judge the start; a run that had stopped early is over at once."""
        if not self.weights:
            self._check(trainer, pl_module)
        trainer.should_stop = self._is_over()

    def after_step(self, trainer: pl.Trainer, pl_module: FinetuneModule) -> None:  # type: ignore[override]
        """Judge now and then."""
        self.last_step = trainer.global_step
        if self.last_step % self.every == 0 or self.last_step == self.steps:
            self._check(trainer, pl_module)
            trainer.should_stop = self._is_over()

    def state_dict(self) -> dict[str, Any]:
        """All that a continued run must know."""
        return {name: getattr(self, name) for name in ("start", "best", "best_step", "last_step", "waited", "weights")}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over from the run that was stopped."""
        for name, value in state_dict.items():
            setattr(self, name, value)

    def _is_over(self) -> bool:
        return self.patience is not None and self.waited >= self.patience

    def _check(self, trainer: pl.Trainer, module: FinetuneModule) -> None:
        network = module.network.eval()
        with torch.no_grad():
            found = self.judge(network)
        error = found if math.isfinite(found) else math.inf
        network.train()
        if not self.weights:
            self.start = error
        if error < self.best or not self.weights:
            self.best, self.best_step, self.waited = error, trainer.global_step, 0
            self.weights = {name: value.detach().cpu().clone() for name, value in network.state_dict().items()}
        else:
            self.waited += 1
