"""Our forecasting network as the Lightning module that Darts trains, saves and predicts with."""

from __future__ import annotations

import inspect
from functools import partial
from typing import TYPE_CHECKING, Any, Self

import torch
from einops import rearrange
from torch import nn

from tjepa_estimators.data.scaling import normalize
from tjepa_estimators.interop.darts._compat import PLForecastingModule, PLModuleOutput, io_processor
from tjepa_estimators.interop.darts.blueprint import Blueprint
from tjepa_estimators.interop.darts.likelihoods import offsets_of, parameter_roles, spread_levels, to_series_scale
from tjepa_estimators.nn.auxiliary import auxiliary_losses
from tjepa_estimators.settings import as_settings
from tjepa_estimators.tasks.quantiles import ResidualQuantiles

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from tjepa_estimators.jepa.forecaster import PatchForecaster
    from tjepa_estimators.tasks.covariates import CovariateScale
    from tjepa_estimators.tasks.forecast import ForecastTask

__all__ = ["JEPAForecastingModule"]


class JEPAForecastingModule(PLForecastingModule):
    """Forecast each channel of a batch by itself, on the scale of its own window.

    Parameters
    ----------
    blueprint
        A :class:`Blueprint` as a dict, because Lightning writes it into checkpoints.
    frozen
        Keep the encoder in evaluation mode and out of the optimiser.
    encoder_rate
        Learning rate of the encoder, as a share of that of the head.
    **kwargs
        Parameters of Darts' module.
    """

    def __init__(self, blueprint: dict[str, Any], frozen: bool, encoder_rate: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.optimizer_cls: Any
        self.encoder_rate = encoder_rate
        self.roles = parameter_roles(self.likelihood)
        plan = as_settings(Blueprint, blueprint)
        horizon, parameters = self.output_chunk_length, len(self.roles)
        self.network = plan.build_network(horizon * parameters, horizon)
        self.covariates = plan.build_covariates()
        self.offset = nn.Parameter(torch.zeros(horizon, parameters))
        # a shape parameter cannot be scaled with its window, so it has to be told the window's level
        self.level = nn.Linear(2, parameters, bias=False) if "shape" in self.roles else None
        if self.level is not None:
            nn.init.zeros_(self.level.weight)
        self.spread = plan.spread
        for part in self._encoders():
            part.requires_grad_(requires_grad=not frozen)

    @io_processor
    def forward(self, x_in: Any) -> Any:
        """Forecast ``(batch, steps, channels, parameters)``; the parameters are raw, as likelihoods want them."""
        window = x_in.past_target[:, -self.network.context_length :]
        channels = window.shape[2]
        rows = rearrange(window, "batch time channels -> (batch channels) time")
        features = self.covariates(x_in)
        if features is not None:
            features = features.repeat_interleave(channels, dim=0)
        forecast, stats = self.network(rows, features)
        raw = rearrange(forecast, "rows (steps parameters) -> rows steps parameters", parameters=len(self.roles))
        raw = (raw + self.offset).to(rows.dtype)
        if self.spread and self.likelihood is not None and self.network.decoder is not None:
            raw = raw + self._decoded_offsets(self.network.decoder, normalize(rows, stats)).to(rows.dtype)
        if self.level is not None:
            told = torch.cat([stats.mean.asinh(), stats.std.log()], dim=1)
            raw = raw + self.level(told.to(self.level.weight.dtype)).unsqueeze(1)
        series = to_series_scale(raw, stats, self.roles)
        return PLModuleOutput(
            prediction=rearrange(
                series, "(batch channels) steps parameters -> batch steps channels parameters", channels=channels
            )
        )

    def _decoded_offsets(
        self, decoder: PatchForecaster, scaled: Float[Tensor, "rows time"]
    ) -> Float[Tensor, "rows steps parameters"]:
        """What the likelihood's parameters begin with, for each window; the decoder begins earlier after a shift."""
        quantiles = decoder.spread(scaled, self.network.horizon, spread_levels(self.likelihood))
        return offsets_of(self.likelihood, self.spread * quantiles[:, -(self.output_chunk_length or 0) :])

    def _encoders(self) -> list[nn.Module]:
        """What was pretrained: the part that gives latents, and the one that decodes."""
        return [part for part in (self.network.backbone, self.network.decoder) if part is not None]

    @torch.no_grad()
    def start_from(self, task: ForecastTask, scale: CovariateScale) -> None:
        """Take over what a fitted task has solved; its horizon may begin earlier than ours."""
        solved, network = task.network_, self.network
        if network.backbone is not None and solved.backbone is not None:
            network.backbone.load_state_dict(solved.backbone.state_dict())
            network.latent_mean.copy_(solved.latent_mean)
        if network.decoder is not None and solved.decoder is not None:
            network.decoder.load_state_dict(solved.decoder.state_dict())
        self.covariates.load_scale(scale)
        horizon = self.output_chunk_length
        heads = rearrange(
            network.head.weight, "(steps parameters) features -> steps parameters features", steps=horizon
        ).zero_()
        for name in network.blocks:
            if name in solved.blocks:
                found = solved.head.weight[-horizon:, solved.blocks[name]]
                columns = network.blocks[name]
                # covariates that the task could not read come first in their block and begin with no weight
                into = slice(columns.stop - found.shape[1], columns.stop)
                for position in (i for i, role in enumerate(self.roles) if role == "location"):
                    heads[:, position, into] = found
        if isinstance(task.quantiles_, ResidualQuantiles):  # decoded ones come with each window
            known = task.quantiles_.offsets(solved.horizon, spread_levels(self.likelihood))[-horizon:]
            self.offset.copy_(offsets_of(self.likelihood, torch.from_numpy(known)))

    def train(self, mode: bool = True) -> Self:
        """Set the training mode; an encoder that is not trained never drops anything out."""
        super().train(mode)
        for part in self._encoders():
            if not any(weight.requires_grad for weight in part.parameters()):
                part.eval()
        return self

    def training_step(self, *args: Any, **kwargs: Any) -> Tensor:
        """Darts' step, and the losses that the encoder has of its own."""
        loss: Tensor = super().training_step(*args, **kwargs)
        return sum(auxiliary_losses(self).values(), start=loss)

    def configure_optimizers(self) -> Any:
        """Darts' optimiser and schedule, without frozen weights and with the encoder at its own rate."""
        given: Any = self.optimizer_cls
        self.optimizer_cls = partial(_with_groups, given, self._groups())
        try:
            return super().configure_optimizers()
        finally:
            self.optimizer_cls = given

    def _groups(self) -> list[tuple[list[nn.Parameter], float]]:
        """Weights that are trained, with their share of the learning rate."""
        pretrained = [weight for part in self._encoders() for weight in part.parameters()]
        known = {id(weight) for weight in pretrained}
        rest = [weight for weight in self.parameters() if id(weight) not in known]
        groups = [(rest, 1.0), (pretrained, self.encoder_rate)]
        trained = [([weight for weight in weights if weight.requires_grad], rate) for weights, rate in groups]
        return [group for group in trained if group[0]]

    def _compute_loss(self, output: Any, target: Tensor, criterion: Any, sample_weight: Tensor | None) -> Tensor:
        """Darts' loss on the steps that were observed: one missing value would otherwise destroy all weights."""
        seen = ~target.isnan()
        if bool(seen.all()):
            return super()._compute_loss(output, target, criterion, sample_weight)
        if not bool(seen.any()):
            return output.prediction.sum() * 0.0
        observed = output.replace(prediction=output.prediction[seen][:, None, None, :])
        weight = None if sample_weight is None else sample_weight.expand_as(target)[seen][:, None, None]
        return super()._compute_loss(observed, target[seen][:, None, None], criterion, weight)


def _with_groups(
    optimizer: type[torch.optim.Optimizer],
    groups: list[tuple[list[nn.Parameter], float]],
    params: object,  # noqa: ARG001 - Darts hands over all weights; the groups stand for them
    **options: Any,
) -> torch.optim.Optimizer:
    rate = options.get("lr", inspect.signature(optimizer).parameters["lr"].default)
    return optimizer([{"params": weights, "lr": rate * share} for weights, share in groups], **options)
