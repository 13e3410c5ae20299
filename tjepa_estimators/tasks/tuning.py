"""Train the encoder of a forecasting network by gradients: fine-tuning, or jointly with JEPA."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from tjepa_estimators.contracts import Masks
from tjepa_estimators.data.scaling import denormalize
from tjepa_estimators.jepa.objective import build_objective
from tjepa_estimators.training.run import finetune

if TYPE_CHECKING:
    from jaxtyping import Float, Int
    from torch import Tensor, nn

    from tjepa_estimators.jepa.config import JEPAConfig
    from tjepa_estimators.jepa.model import JEPA
    from tjepa_estimators.tasks.network import ForecastNetwork
    from tjepa_estimators.tasks.rows import Rows, TrainingRows
    from tjepa_estimators.training.config import TrainConfig

__all__ = ["tune_encoder", "tune_jointly"]


class _Joint(torch.nn.Module):
    """A forecasting network and the JEPA that it shares its student with."""

    def __init__(self, network: ForecastNetwork, jepa: JEPA) -> None:
        super().__init__()
        self.network = network
        self.jepa = jepa


def tune_encoder(network: ForecastNetwork, rows: TrainingRows, train: TrainConfig, encoder_rate: float) -> None:
    """Train head and encoder on the forecasting error; the encoder at a lower rate, as its weights are worth keeping."""

    def loss(module: nn.Module, index: Int[Tensor, "batch"], _: torch.Generator) -> Tensor:
        return _forecast_loss(module, _take(rows, index))

    _unfreeze(network)
    rates = [(list(network.head.parameters()), 1.0), (list(network.backbone.parameters()), encoder_rate)]
    finetune(network, loss, len(rows.index["train"]), rates, train)


def tune_jointly(
    network: ForecastNetwork, jepa: JEPA, rows: TrainingRows, config: JEPAConfig, train: TrainConfig
) -> None:
    """Train on the forecasting error and the JEPA objective at once; ``network`` must use the student of ``jepa``."""
    masker, objective = config.masker(), build_objective(config)

    def loss(module: nn.Module, index: Int[Tensor, "batch"], generator: torch.Generator) -> Tensor:
        batch = _take(rows, index)
        raw = torch.cat([batch.context, batch.target], dim=1)
        tokens = jepa.student.tokenizer.num_tokens(raw.shape[1])
        masks = masker(tokens, len(raw), generator)
        output = module.jepa(raw, Masks(masks.context.to(raw.device), masks.targets.to(raw.device)))
        return _forecast_loss(module.network, batch) + objective(output).total

    _unfreeze(network)
    joint = _Joint(network, jepa.train())
    rates = [(list(joint.parameters()), 1.0)]
    finetune(
        joint, loss, len(rows.index["train"]), rates, train, after_step=lambda: jepa.update_teacher(config.momentum[0])
    )


def _forecast_loss(network: nn.Module, batch: Rows) -> Float[Tensor, ""]:
    forecast, stats = network(batch.context, batch.covariates)
    return (denormalize(forecast, stats) - batch.target).div(batch.scale).square().mean().to(forecast.dtype)


def _take(rows: TrainingRows, index: Int[Tensor, "batch"]) -> Rows:
    return rows.rows(rows.index["train"][index])


def _unfreeze(network: ForecastNetwork) -> None:
    network.requires_grad_(requires_grad=True)
