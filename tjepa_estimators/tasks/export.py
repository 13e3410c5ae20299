"""A fitted forecaster as one graph of torch: values in, forecast out."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING

import torch
from einops import rearrange
from torch import nn

from tjepa_estimators.data.scaling import denormalize
from tjepa_estimators.errors import ConfigError, NotFittedError
from tjepa_estimators.nn.scan import scan_backend
from tjepa_estimators.tasks.forecast import ForecastTask
from tjepa_estimators.tasks.network import ForecastNetwork
from tjepa_estimators.tasks.quantiles import DecodedQuantiles, ResidualQuantiles

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor
    from torch.export import ExportedProgram

__all__ = ["ForecastGraph", "export_forecaster"]


def export_forecaster(
    forecaster: object, *, quantiles: Sequence[float] | None = None, portable: bool = True
) -> ExportedProgram:
    """Export a fitted forecaster with ``torch.export``: one graph that scales, encodes, forecasts and scales back.

    Its input are float64 windows ``(batch, time, channels)``, with the context length and the channels of the
    forecaster and any batch; NaN marks missing values and fills up what is shorter. Its output is what ``predict``
    gives for them, ``(batch, horizon, channels)``, with quantiles ``(batch, horizon, channels, quantiles)``.

    Parameters
    ----------
    forecaster
        A fitted :class:`~tjepa_estimators.ForecastTask` or :class:`~tjepa_estimators.JEPAForecaster`.
    quantiles
        Levels between 0 and 1; None gives the point forecast.
    portable
        Use operators of torch alone: the file is read without this package, and can be converted to ONNX. If False,
        each scan and convolution of Mamba stays one operator, run by the fast kernels; whoever reads the file
        must ``import tjepa_estimators.nn.scan`` first.

    Raises
    ------
    NotFittedError
        Before ``fit``.
    ConfigError
        No forecaster; one that was fitted with covariates; quantiles that are none; an encoder that cannot be traced.

    Examples
    --------
    >>> import numpy as np
    >>> task = ForecastTask({"horizon": 4, "context_length": 24, "blocks": "lookback"}).fit(np.sin(np.arange(200.0)))
    >>> program = export_forecaster(task)
    >>> program.module()(torch.zeros(3, 24, 1, dtype=torch.float64)).shape
    torch.Size([3, 4, 1])
    """
    task = _fitted_task(forecaster)
    example = torch.zeros(2, task.context_length_, task.num_channels_, dtype=torch.float64)
    scans = scan_backend("torch") if portable else nullcontext()
    with scans, torch.no_grad():  # with gradients, checkpointing would enter the graph
        try:
            return torch.export.export(
                ForecastGraph(task, quantiles),
                (example,),
                dynamic_shapes={"values": {0: torch.export.Dim("batch")}},
                strict=False,
            )
        except RuntimeError as error:  # what torch raises where a forward method looks at values
            encoder = "the network" if task.pretrained_ is None else f"the encoder {task.pretrained_.info.encoder!r}"
            msg = (
                f"torch.export cannot trace {encoder}: {str(error).partition(chr(10))[0]} The page "
                "'Export a forecaster' of the documentation says which encoders it can trace, and why not others."
            )
            raise ConfigError(msg) from error


class ForecastGraph(nn.Module):
    """What :meth:`ForecastTask.predict` does to windows of full length, as a module that can be traced.

    Parameters
    ----------
    task
        A fitted one without covariates.
    quantiles
        Levels between 0 and 1; None gives the point forecast.
    """

    offsets: Tensor | None

    def __init__(self, task: ForecastTask, quantiles: Sequence[float] | None = None) -> None:
        super().__init__()
        if not all(0.0 < level < 1.0 for level in quantiles or ()):
            msg = f"quantiles must lie between 0 and 1; got {quantiles!r}."
            raise ConfigError(msg)
        self.network = _without_idle_encoder(task.network_)
        self.levels = None if quantiles is None else tuple(quantiles)
        self.factor = task.quantiles_.factor if isinstance(task.quantiles_, DecodedQuantiles) else 0.0
        offsets = None
        if self.levels is not None and isinstance(task.quantiles_, ResidualQuantiles):
            offsets = torch.from_numpy(task.quantiles_.offsets(task.config.horizon, self.levels))
        self.register_buffer("offsets", offsets)

    def forward(self, values: Float[Tensor, "batch time channels"]) -> Float[Tensor, "batch horizon channels ..."]:
        """Forecast each channel by itself; NaN where its window holds no value at all."""
        rows = rearrange(values, "batch time channels -> (batch channels) time")
        scaled, stats = self.network(rows)
        forecast = denormalize(scaled.to(rows.dtype), stats)
        forecast = forecast.masked_fill(rows.isnan().all(dim=1, keepdim=True), torch.nan)
        if self.offsets is not None:
            forecast = forecast.unsqueeze(-1) + stats.std.unsqueeze(-1) * self.offsets  # (rows, horizon, quantiles)
        elif self.levels is not None and self.network.decoder is not None:
            spread = self.network.decoder.spread(rows, self.network.horizon, self.levels)
            forecast = forecast.unsqueeze(-1) + self.factor * spread
        return forecast.unflatten(0, (-1, values.shape[2])).transpose(1, 2)


def _fitted_task(forecaster: object) -> ForecastTask:
    task, name = getattr(forecaster, "task_", forecaster), type(forecaster).__name__
    if not isinstance(task, ForecastTask) and getattr(task, "is_fitted", True):
        msg = (
            f"A {name} cannot be exported; give a fitted ForecastTask or JEPAForecaster. A JEPAModel has a method for "
            "it, to_onnx()."
        )
        raise ConfigError(msg)
    if not isinstance(task, ForecastTask) or not hasattr(task, "network_"):
        msg = f"This {name} is not fitted; call fit() with series first."
        raise NotFittedError(msg)
    if task.covariate_scale_.num_features:
        msg = (
            f"This {name} was fitted with covariates, which become features outside of the network; only one that was "
            "fitted without them can be exported."
        )
        raise ConfigError(msg)
    return task


@torch.no_grad()
def _without_idle_encoder(network: ForecastNetwork) -> ForecastNetwork:
    """The same forecasts from what the head reads: a graph computes all that it holds."""
    used = {name for name, columns in network.blocks.items() if network.head.weight[:, columns].any()}
    backbone = network.backbone if "latents" in used else None
    decoder = network.decoder if "decoded" in used else None
    if backbone is network.backbone and decoder is network.decoder:
        return network
    smaller = ForecastNetwork(backbone, network.context_length, network.horizon, decoder=decoder).eval()
    if backbone is not None:
        smaller.latent_mean.copy_(network.latent_mean)
    for name, columns in smaller.blocks.items():
        smaller.head.weight[:, columns] = network.head.weight[:, network.blocks[name]]
    return smaller.requires_grad_(requires_grad=False)
