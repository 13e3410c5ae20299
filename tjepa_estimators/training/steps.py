"""Callbacks that act after whole steps, whatever number of parts a batch is read in."""

from __future__ import annotations

from abc import ABC, abstractmethod

import pytorch_lightning as pl

__all__ = ["StepCallback"]


class StepCallback(pl.Callback, ABC):
    """A callback that is called once for each step of the optimiser."""

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: object,  # noqa: ARG002 - Lightning's signature
        batch: int,
        *_: object,
    ) -> None:
        """Pass on the end of a step; the loader hands over a counter of parts."""
        if (batch + 1) % trainer.accumulate_grad_batches == 0:
            self.after_step(trainer, pl_module)

    @abstractmethod
    def after_step(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """What is done after each step."""
