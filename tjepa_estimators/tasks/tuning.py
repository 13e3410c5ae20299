"""What a forecaster's head reads: an encoder as it was pretrained, fine-tuned, or trained jointly with JEPA."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, cast

from tjepa_estimators.data.scaling import denormalize, instance_stats, normalize
from tjepa_estimators.errors import ConfigError
from tjepa_estimators.jepa.quantiles import pinball_loss
from tjepa_estimators.tasks.head import fit_head
from tjepa_estimators.training.run import finetune, pretrain

if TYPE_CHECKING:
    import numpy as np
    import torch
    from jaxtyping import Float, Int
    from torch import Tensor, nn

    from tjepa_estimators.artifact import PretrainedEncoder
    from tjepa_estimators.jepa.forecaster import PatchForecaster
    from tjepa_estimators.nn.backbone import Backbone
    from tjepa_estimators.tasks.network import ForecastNetwork
    from tjepa_estimators.tasks.rows import Rows, TrainingRows
    from tjepa_estimators.training.config import TrainConfig

__all__ = ["Parts", "finetuned_parts", "frozen_parts", "online_parts"]


@dataclass(frozen=True, slots=True)
class Parts:
    """The frozen parts of a forecaster that are not its head."""

    backbone: Backbone | None
    """What gives latents."""
    decoder: PatchForecaster | None = None
    """What gives forecasts by itself, if the encoder was pretrained with quantiles."""


MakeNetwork: TypeAlias = Callable[[Parts], "ForecastNetwork"]


def frozen_parts(pretrained: PretrainedEncoder) -> Parts:
    """A copy of the pretrained teacher, and of what decodes values if there is such a thing."""
    teacher = cast("Backbone", pretrained.build().teacher.module)
    decoder = None if pretrained.info.jepa.quantiles is None else pretrained.forecaster()
    return Parts(teacher.requires_grad_(requires_grad=False).eval(), decoder)


def finetuned_parts(
    pretrained: PretrainedEncoder, rows: TrainingRows, make: MakeNetwork, train: TrainConfig, encoder_rate: float
) -> Parts:
    """Train on the forecasting error what forecasts: the decoder with its encoder, or a head and the encoder.

    A head is solved in closed form before, and the encoder learns at ``encoder_rate`` times the rate of the head: its
    weights are worth keeping. Source: linear probing, then fine-tuning (arXiv 2202.10054).
    """
    parts = frozen_parts(pretrained)
    chosen = rows.usable("train")  # a batch of nothing but gaps would have no loss
    if not len(chosen):
        return parts
    if parts.decoder is not None:
        _tune_decoder(parts.decoder, rows, chosen, train, encoder_rate)
    elif parts.backbone is not None:
        _tune_backbone(parts.backbone, make(parts), rows, chosen, train, encoder_rate)
    return parts


def online_parts(
    pretrained: PretrainedEncoder, values: Sequence[Float[np.ndarray, "time channels"]], train: TrainConfig
) -> Parts:
    """Train on the JEPA objective and on the quantiles of the hidden values at once.

    Raises
    ------
    ConfigError
        The encoder is of a kind that values cannot be decoded from.
    """
    try:
        decoding = pretrained.with_quantiles(seed=train.seed)
    except ConfigError as error:
        msg = f"strategy='online' trains a decoder of quantiles beside the encoder, and this one can have none. {error}"
        raise ConfigError(msg) from error
    return frozen_parts(pretrain(list(values), initial=decoding, train=train))


def _tune_decoder(
    decoder: PatchForecaster,
    rows: TrainingRows,
    chosen: Int[Tensor, "rows"],
    train: TrainConfig,
    encoder_rate: float,
) -> None:
    def loss(module: nn.Module, index: Int[Tensor, "batch"], _: torch.Generator) -> Tensor:
        batch = _take(rows, chosen[index], module)
        stats = instance_stats(batch.context)
        quantiles = module(normalize(batch.context, stats), batch.target.shape[1])
        weight = (stats.std / batch.scale).unsqueeze(-1)  # errors count in units of the series
        target = normalize(batch.target, stats)
        return pinball_loss(quantiles * weight, target * weight[..., 0], decoder.levels)

    decoder.requires_grad_(requires_grad=True)
    decoder.predictor.project_out.requires_grad_(
        requires_grad=False
    )  # latents are not read; processes would wait for it
    pretrained = [*decoder.student.parameters(), *decoder.predictor.parameters()]
    rates = [(list(decoder.quantiles.parameters()), 1.0), (pretrained, encoder_rate)]
    finetune(decoder, loss, len(chosen), rates, train, identity={"data": rows.digest()})
    decoder.requires_grad_(requires_grad=False).eval()


def _tune_backbone(
    backbone: Backbone,
    network: ForecastNetwork,
    rows: TrainingRows,
    chosen: Int[Tensor, "rows"],
    train: TrainConfig,
    encoder_rate: float,
) -> None:
    def loss(module: nn.Module, index: Int[Tensor, "batch"], _: torch.Generator) -> Tensor:
        batch = _take(rows, chosen[index], module)
        forecast, stats = module(batch.context, batch.covariates)
        error = (denormalize(forecast, stats) - batch.target) / batch.scale
        return error.square().mean().to(forecast.dtype)

    fit_head(network, rows, required=("latents",))
    network.requires_grad_(requires_grad=True)
    rates = [(list(network.head.parameters()), 1.0), (list(backbone.parameters()), encoder_rate)]
    finetune(network, loss, len(chosen), rates, train, identity={"data": rows.digest()})
    backbone.requires_grad_(requires_grad=False).eval()


def _take(rows: TrainingRows, index: Int[Tensor, "batch"], network: nn.Module) -> Rows:
    return rows.rows(index).to(next(network.parameters()).device)
