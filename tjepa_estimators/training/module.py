"""What Lightning runs: a loss per step, an optimiser, a schedule, and the teacher's update."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytorch_lightning as pl
import torch
from torch.optim.lr_scheduler import LambdaLR

from tjepa_estimators.contracts import Masks
from tjepa_estimators.data.blocks import last_blocks
from tjepa_estimators.data.windows import batch_indices
from tjepa_estimators.jepa.masking import FutureMasker
from tjepa_estimators.jepa.objective import build_objective
from tjepa_estimators.nn.auxiliary import auxiliary_losses
from tjepa_estimators.nn.randomness import set_seed
from tjepa_estimators.training.schedules import cosine_between, mix_seed, warmup_cosine

if TYPE_CHECKING:
    from jaxtyping import Float, Int
    from torch import Tensor, nn

    from tjepa_estimators.contracts import Masker
    from tjepa_estimators.jepa.config import JEPAConfig
    from tjepa_estimators.jepa.model import JEPA
    from tjepa_estimators.training.config import TrainConfig
    from tjepa_estimators.training.corpus import Source

__all__ = ["FinetuneModule", "PretrainModule", "StepModule", "WindowLoss"]

_PROBE = 128
"""Windows on which the health of the representation is measured."""
_HIDDEN = 0.25
"""Share of their tokens that is hidden then, unless training always hides more or less of the future."""

WindowLoss = Callable[["nn.Module", "Int[Tensor, 'batch']", torch.Generator], "Float[Tensor, '']"]
"""Loss of a network on the windows with the given numbers."""


class StepModule(pl.LightningModule, ABC):
    """A training in which everything random in a step follows from the seed and the step's number.

    So a run that was killed goes on to bit-identical weights, and no loader state has to be saved. Batches
    and masks are drawn for all devices together and shared out, so several devices train as one does.
    """

    def __init__(self, train: TrainConfig, num_windows: int) -> None:
        super().__init__()
        self.train_config = train
        self.num_windows = num_windows
        self.steps = train.num_steps(num_windows)

    @abstractmethod
    def loss(self, index: Int[Tensor, batch], generator: torch.Generator) -> Float[Tensor, ""]:
        """The loss on this device's share of the windows with these numbers."""

    def draw(self, step: int, batch_size: int, seed: int) -> Int[Tensor, batch]:
        """Numbers of the windows of a step, for all devices together."""
        return batch_indices(self.num_windows, batch_size, step, seed)

    @abstractmethod
    def parameter_groups(self) -> list[dict[str, Any]]:
        """Parameters to train, each group with a ``scale`` of the learning rate."""

    def training_step(self, counter: int) -> Tensor:
        """One step, or a part of one; what the loader hands over is only a counter of these."""
        train, step = self.train_config, self.global_step
        part = counter % train.accumulate
        index = self.draw(step, train.batch_size, train.seed)[part :: train.accumulate]
        # for dropout, which differs between devices; pretrain() and finetune() put the global generator back
        set_seed(mix_seed(train.seed, step, self.trainer.global_rank + part * self.trainer.world_size))
        loss = self.loss(index, torch.Generator().manual_seed(mix_seed(train.seed, step, part)))
        self.log("loss", loss.detach(), prog_bar=True)
        return loss

    def share(self, rows: Tensor) -> Tensor:
        """Rows of this device, of what was drawn for all devices together."""
        return rows[self.trainer.global_rank :: self.trainer.world_size]

    def configure_optimizers(self) -> Any:  # noqa: ANN401 - Lightning's own type is a union of seven
        """AdamW with a warm-up and a cosine; matrices decay, vectors do not.

        A module may spare matrices of its own: those that its attribute ``no_weight_decay`` names.
        """
        train = self.train_config
        spared = {
            parameter
            for module in self.modules()
            for name, parameter in module.named_parameters(recurse=False)
            if name in getattr(module, "no_weight_decay", ())
        }
        groups = []
        for group in self.parameter_groups():
            rate = train.learning_rate * group["scale"]
            parameters = [parameter for parameter in group["params"] if parameter.requires_grad]
            for decay, chosen in (
                (train.weight_decay, [p for p in parameters if p.dim() > 1 and p not in spared]),
                (0.0, [p for p in parameters if p.dim() <= 1 or p in spared]),
            ):
                groups.append({"params": chosen, "lr": rate, "weight_decay": decay})
        optimizer = torch.optim.AdamW([group for group in groups if group["params"]], betas=(0.9, 0.99))
        schedule = LambdaLR(optimizer, lambda step: warmup_cosine(step, self.steps, train.warmup))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


class PretrainModule(StepModule):
    """JEPA pretraining on windows, or on samples of another kind."""

    def __init__(self, model: JEPA, source: Source, config: JEPAConfig, train: TrainConfig) -> None:
        super().__init__(train, len(source))
        self.model = model
        self.source = source
        self.config = config

    def draw(self, step: int, batch_size: int, seed: int) -> Int[Tensor, batch]:
        """Windows as their source shares them out among domains."""
        return self.source.draw(step, batch_size, seed)

    def loss(self, index: Int[Tensor, batch], generator: torch.Generator) -> Float[Tensor, ""]:
        """The objective on freshly masked windows, summed over resolutions."""
        windows = self.source.gather(self.share(index)).to(self.device)
        objective = build_objective(self.config, self.global_step / max(1, self.steps - 1))
        losses = []
        for factor, weight in zip(self.config.resolutions, self.config.weights(), strict=True):
            model, view = self.model.at(factor), self._view(windows, factor)
            grid = model.student.tokenizer.grid(view)
            masks = self.config.masker(grid)(math.prod(grid), len(index), generator)
            mine = Masks(self.share(masks.context).to(self.device), self.share(masks.targets).to(self.device))
            losses.append(weight * objective(model(view, mine)).total)
        return torch.stack(losses).sum()

    def probe(self, factor: int, source: Source | None = None) -> tuple[Tensor, Masks]:
        """Samples spread over the data, seen at a resolution, with masks: the same ones each time."""
        source = self.source if source is None else source
        index = torch.linspace(0, len(source) - 1, min(len(source), _PROBE), dtype=torch.float64).long()
        view = self._view(source.gather(index).to(self.device), factor)
        grid = self.model.at(factor).student.tokenizer.grid(view)
        masks = _probe_masker(self.config, grid)(math.prod(grid), len(index), torch.Generator())
        return view, Masks(masks.context.to(self.device), masks.targets.to(self.device))

    def _view(self, raw: Tensor, factor: int) -> Tensor:
        """Windows as a resolution sees them; samples of another kind have one only."""
        return raw if self.config.tokenizer is not None else last_blocks(raw, factor, self.config.window_length)

    def optimizer_step(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Lightning's signature
        """Step, then move the teacher: once for each step of the optimiser, not for each batch."""
        super().optimizer_step(*args, **kwargs)
        self.model.update_teacher(cosine_between(*self.config.momentum, self.global_step, self.steps))

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Student and predictor; the teacher is never trained."""
        return [{"params": list(self.model.parameters()), "scale": 1.0}]


class FinetuneModule(StepModule):
    """Any network on any loss over windows, with the pretrained part at a lower rate."""

    def __init__(
        self,
        network: nn.Module,
        window_loss: WindowLoss,
        num_windows: int,
        train: TrainConfig,
        rates: list[tuple[list[nn.Parameter], float]],
        after_step: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(train, num_windows)
        self.after_step = after_step
        self.network = network
        self.window_loss = window_loss
        self.rates = rates

    def loss(self, index: Int[Tensor, batch], generator: torch.Generator) -> Float[Tensor, ""]:
        """The caller's loss, and those that the network has of its own."""
        loss = self.window_loss(self.network, self.share(index), generator)
        return sum(auxiliary_losses(self.network).values(), start=loss)

    def optimizer_step(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Lightning's signature
        """Step, then do what the caller wants done after it."""
        super().optimizer_step(*args, **kwargs)
        if self.after_step is not None:
            self.after_step()

    def parameter_groups(self) -> list[dict[str, Any]]:
        """The caller's groups."""
        return [{"params": parameters, "scale": scale} for parameters, scale in self.rates]


def _probe_masker(config: JEPAConfig, grid: tuple[int, ...]) -> Masker:
    """Hide what a predictor was trained on: at a context of another length it would look worse than it is."""
    if config.tokenizer is not None:
        return config.masker(grid)
    futures = [masker for mask in config.masking if isinstance(masker := mask.build(), FutureMasker)]
    share = min(max(_HIDDEN, futures[0].low), futures[0].high) if futures else _HIDDEN
    return FutureMasker(share, share)
