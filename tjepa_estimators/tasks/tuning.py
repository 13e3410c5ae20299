"""The encoder that a forecaster uses: as it was pretrained, fine-tuned, or trained jointly with JEPA."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import torch
from torch import nn

from tjepa_estimators.contracts import Masks
from tjepa_estimators.data.scaling import denormalize
from tjepa_estimators.jepa.objective import build_objective
from tjepa_estimators.nn.backbone import Backbone
from tjepa_estimators.tasks.head import fit_head
from tjepa_estimators.training.run import finetune

if TYPE_CHECKING:
    from jaxtyping import Float, Int
    from torch import Tensor

    from tjepa_estimators.artifact import PretrainedEncoder
    from tjepa_estimators.jepa.model import JEPA
    from tjepa_estimators.tasks.network import ForecastNetwork
    from tjepa_estimators.tasks.rows import Rows, TrainingRows
    from tjepa_estimators.training.config import TrainConfig

__all__ = ["finetuned_backbone", "frozen_backbone", "online_backbone"]

MakeNetwork = Callable[[Backbone], "ForecastNetwork"]


def frozen_backbone(pretrained: PretrainedEncoder) -> Backbone:
    """A copy of the pretrained teacher, frozen."""
    teacher = cast("Backbone", pretrained.build().teacher.module)
    return teacher.requires_grad_(requires_grad=False).eval()


def finetuned_backbone(
    pretrained: PretrainedEncoder, rows: TrainingRows, make: MakeNetwork, train: TrainConfig, encoder_rate: float
) -> Backbone:
    """Fit a head in closed form, then train head and encoder on the forecasting error.

    The encoder learns at ``encoder_rate`` times the rate of the head: its weights are worth keeping.
    Source: linear probing, then fine-tuning (arXiv 2202.10054).
    """
    chosen = rows.usable("train")  # a batch of nothing but gaps would have no loss

    def loss(module: nn.Module, index: Int[Tensor, "batch"], _: torch.Generator) -> Tensor:
        return _forecast_loss(module, _take(rows, chosen[index], module))

    backbone = frozen_backbone(pretrained)
    if not len(chosen):
        return backbone
    network = make(backbone)
    fit_head(network, rows, required=("latents",))
    network.requires_grad_(requires_grad=True)
    rates = [(list(network.head.parameters()), 1.0), (list(backbone.parameters()), encoder_rate)]
    finetune(network, loss, len(chosen), rates, train, identity={"data": rows.digest()})
    return backbone.requires_grad_(requires_grad=False).eval()


def online_backbone(
    pretrained: PretrainedEncoder, rows: TrainingRows, make: MakeNetwork, train: TrainConfig
) -> Backbone:
    """Train on the forecasting error and the JEPA objective at once; return the averaged teacher."""
    chosen = rows.usable("train")
    if not len(chosen):
        return frozen_backbone(pretrained)
    config = pretrained.info.jepa
    masker, objective = config.masker(), build_objective(config)
    jepa = pretrained.build().at(1).train()
    student = jepa.student
    joint = _Joint(make(student), jepa)
    joint.network.requires_grad_(requires_grad=True)

    def loss(_: nn.Module, index: Int[Tensor, "batch"], generator: torch.Generator) -> Tensor:
        batch = _take(rows, chosen[index], joint)
        raw = torch.cat([batch.context, batch.target], dim=1)
        tokens = student.tokenizer.num_tokens(raw.shape[1])
        masks = masker(tokens, len(raw), generator)
        output = jepa(raw, Masks(masks.context.to(raw.device), masks.targets.to(raw.device)))
        return _forecast_loss(joint.network, batch) + objective(output).total

    finetune(
        joint, loss, len(chosen), [(list(joint.parameters()), 1.0)], train,
        after_step=lambda: jepa.update_teacher(config.momentum[0]), identity={"data": rows.digest()},
    )  # fmt: skip
    teacher = cast("Backbone", jepa.teacher.module)
    return teacher.requires_grad_(requires_grad=False).eval()


class _Joint(nn.Module):
    """A forecasting network and the JEPA that it shares its student with."""

    def __init__(self, network: ForecastNetwork, jepa: JEPA) -> None:
        super().__init__()
        self.network = network
        self.jepa = jepa


def _forecast_loss(network: nn.Module, batch: Rows) -> Float[Tensor, ""]:
    forecast, stats = network(batch.context, batch.covariates)
    error = (denormalize(forecast, stats) - batch.target) / batch.scale
    return error.square().mean().to(forecast.dtype)


def _take(rows: TrainingRows, index: Int[Tensor, "batch"], network: nn.Module) -> Rows:
    return rows.rows(index).to(next(network.parameters()).device)
