"""What a forecaster's head reads: an encoder as it was pretrained, fine-tuned, or trained jointly with JEPA."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias, cast

import torch

from tjepa_estimators.data.scaling import denormalize, instance_stats, normalize
from tjepa_estimators.errors import ConfigError
from tjepa_estimators.jepa.quantiles import pinball_loss
from tjepa_estimators.nn.depth import decayed_rates, layers_of
from tjepa_estimators.tasks.head import fit_head
from tjepa_estimators.tasks.rows import PARTS
from tjepa_estimators.training.run import finetune, pretrain

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float, Int
    from torch import Tensor, nn

    from tjepa_estimators.artifact import PretrainedEncoder
    from tjepa_estimators.jepa.forecaster import PatchForecaster
    from tjepa_estimators.nn.backbone import Backbone
    from tjepa_estimators.tasks.forecast_config import ForecastConfig
    from tjepa_estimators.tasks.network import ForecastNetwork
    from tjepa_estimators.tasks.rows import Rows, TrainingRows
    from tjepa_estimators.training.best import FinetuneReport, Judge
    from tjepa_estimators.training.config import TrainConfig

__all__ = ["Parts", "finetuned_parts", "frozen_parts", "online_parts"]


@dataclass(frozen=True, slots=True)
class Parts:
    """The frozen parts of a forecaster that are not its head."""

    backbone: Backbone | None
    """What gives latents."""
    decoder: PatchForecaster | None = None
    """What gives forecasts by itself, if the encoder was pretrained with quantiles."""
    report: FinetuneReport | None = None
    """What fine-tuning came to, if there was one that could be judged."""


_JUDGES = 1024
"""Held-out rows that judge fine-tuning; at the default settings their checks cost a sixth of the steps."""

MakeNetwork: TypeAlias = Callable[[Parts], "ForecastNetwork"]


def frozen_parts(pretrained: PretrainedEncoder) -> Parts:
    """A copy of the pretrained teacher, and of what decodes values if there is such a thing."""
    teacher = cast("Backbone", pretrained.build().teacher.module)
    decoder = None if pretrained.info.jepa.quantiles is None else pretrained.forecaster()
    return Parts(teacher.requires_grad_(requires_grad=False).eval(), decoder)


def finetuned_parts(
    pretrained: PretrainedEncoder,
    rows: TrainingRows,
    make: MakeNetwork,
    train: TrainConfig,
    config: ForecastConfig,
    judges: TrainingRows | None = None,
) -> Parts:
    """Train on the forecasting error what forecasts: the decoder with its encoder, or a head and the encoder.

    A head is solved in closed form before, and the encoder learns at a lower rate than the head, lowest near to its
    input: its weights are worth keeping. Source: linear probing, then fine-tuning (arXiv 2202.10054). The held-out rows
    say when to stop, and which weights to keep; so neither the loss nor that first head sees them.

    Parameters
    ----------
    pretrained
        Where to start from; it is never changed.
    rows
        Their training part is trained on, their held-out part judges.
    make
        Makes a network of parts, to train a backbone with a head.
    train, config
        Steps and rates.
    judges
        Rows that judge instead.
    """
    parts = frozen_parts(pretrained)
    rows, judges = rows.only("train"), rows.only("held_out") if judges is None else judges
    chosen = rows.usable("train")  # a batch of nothing but gaps would have no loss
    if not len(chosen):
        return parts
    if parts.decoder is not None:
        tuned, loss, rates = _tuned_decoder(parts.decoder, config)
    else:
        tuned, loss, rates = _tuned_backbone(parts, make, rows, judges, config)
    report = finetune(
        tuned,
        lambda module, index, _: loss(module, _take(rows, chosen[index], module)),
        len(chosen),
        rates,
        train,
        identity={"data": [rows.digest(), *(judges.digest(part) for part in PARTS)]},
        judge=_judge(judges, loss),
        patience=config.patience,
    )
    tuned.requires_grad_(requires_grad=False).eval()
    return replace(parts, report=report)


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


RowLoss: TypeAlias = "Callable[[nn.Module, Rows], Tensor]"
Rates: TypeAlias = "list[tuple[list[nn.Parameter], float]]"


def _tuned_decoder(decoder: PatchForecaster, config: ForecastConfig) -> tuple[nn.Module, RowLoss, Rates]:
    def loss(module: nn.Module, batch: Rows) -> Tensor:
        stats = instance_stats(batch.context)
        quantiles = module(normalize(batch.context, stats), batch.target.shape[1])
        weight = (stats.std / batch.scale).unsqueeze(-1)  # errors count in units of the series
        target = normalize(batch.target, stats)
        return pinball_loss(quantiles * weight, target * weight[..., 0], decoder.levels)

    decoder.requires_grad_(requires_grad=True)
    decoder.predictor.project_out.requires_grad_(requires_grad=False)  # no latents are read: processes would wait
    layers = [*layers_of(decoder.student), list(decoder.predictor.parameters())]
    rates = decayed_rates(layers, config.encoder_rate, config.layer_decay)
    return decoder, loss, [(list(decoder.quantiles.parameters()), 1.0), *rates]


def _tuned_backbone(
    parts: Parts, make: MakeNetwork, rows: TrainingRows, judges: TrainingRows, config: ForecastConfig
) -> tuple[nn.Module, RowLoss, Rates]:
    def loss(module: nn.Module, batch: Rows) -> Tensor:
        forecast, stats = module(batch.context, batch.covariates)
        error = (denormalize(forecast, stats) - batch.target) / batch.scale
        return error.square().mean().to(forecast.dtype)

    network = make(parts)
    fit_head(network, rows, judges, required=("latents",))
    network.requires_grad_(requires_grad=True)
    rates = decayed_rates(layers_of(cast("Backbone", network.backbone)), config.encoder_rate, config.layer_decay)
    return network, loss, [(list(network.head.parameters()), 1.0), *rates]


def _judge(rows: TrainingRows, loss: RowLoss) -> Judge | None:
    """The mean loss over held-out rows, some of them where there are many; None where there are none."""
    found = torch.cat([rows.usable(part) for part in PARTS])
    if not len(found):
        return None
    chosen = found[torch.linspace(0, len(found) - 1, min(len(found), _JUDGES)).long()]
    return lambda network: float(loss(network, _take(rows, chosen, network)))


def _take(rows: TrainingRows, index: Int[Tensor, "batch"], network: nn.Module) -> Rows:
    return rows.rows(index).to(next(network.parameters()).device)
