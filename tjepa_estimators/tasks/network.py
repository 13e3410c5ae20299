"""The forecasting network: instance norm, encoder, linear head."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

import torch
from torch import nn

from tjepa_estimators.data.gaps import interpolate_gaps
from tjepa_estimators.data.scaling import InstanceStats, instance_stats, normalize
from tjepa_estimators.data.tracing import may_hold

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from jaxtyping import Float
    from torch import Tensor

    from tjepa_estimators.jepa.forecaster import PatchForecaster
    from tjepa_estimators.nn.backbone import Backbone

__all__ = ["ForecastNetwork", "decoding_network"]


class ForecastNetwork(nn.Module):
    """Forecast one channel from its window: a linear head on [lookback, latents, covariates, decoded].

    The latents are pooled over tokens: with few windows to fit on, the head gains from a few numbers that
    describe the window, and loses from hundreds (``docs/decisions/0001-pooled-latents.md``). ``latent_mean`` is
    taken off them: the mean latent hardly varies, so the head would use it as an intercept, a drift learned by heart.

    Parameters
    ----------
    backbone
        Tokenizer and encoder, or None for a purely linear network.
    context_length
        Steps of the window.
    horizon
        Steps ahead.
    covariates
        Number of covariate features.
    decoder
        What forecasts without a head; its means are what the head starts from, so that a head of few rows is a
        correction of it. None leaves that block out.
    outputs
        What the head gives; one number for each step ahead if None.
    """

    def __init__(
        self,
        backbone: Backbone | None,
        context_length: int,
        horizon: int,
        covariates: int = 0,
        decoder: PatchForecaster | None = None,
        outputs: int | None = None,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.decoder = decoder
        self.context_length = context_length
        self.horizon = horizon
        latents = 0 if backbone is None else backbone.dim
        sizes = {"lookback": context_length, "latents": latents, "covariates": covariates}
        sizes["decoded"] = 0 if decoder is None else horizon
        ends = list(accumulate(sizes.values(), initial=0))
        self.blocks = {name: slice(ends[i], ends[i + 1]) for i, name in enumerate(sizes) if sizes[name]}
        # zeros need no random numbers: drawing them would disturb the caller's generator
        self.head: nn.Linear = nn.utils.skip_init(nn.Linear, ends[-1], outputs or horizon, bias=False)
        nn.init.zeros_(self.head.weight)
        self.latent_mean: Tensor
        self.register_buffer("latent_mean", torch.zeros(latents))

    def features(
        self,
        context: Float[Tensor, "batch time"],
        covariates: Float[Tensor, "batch features"] | None = None,
        blocks: Collection[str] | None = None,
    ) -> tuple[Float[Tensor, "batch p"], InstanceStats]:
        """What the head may read, or some ``blocks`` of it, and the scale of each window."""
        stats = instance_stats(context)
        parts = self._parts(normalize(context, stats), covariates)
        return torch.cat([parts[name]() for name in self.blocks if blocks is None or name in blocks], dim=1), stats

    def forward(
        self, context: Float[Tensor, "batch time"], covariates: Float[Tensor, "batch features"] | None = None
    ) -> tuple[Float[Tensor, "batch outputs"], InstanceStats]:
        """Forecast in the window's own scale, and that scale."""
        stats = instance_stats(context)
        parts = self._parts(normalize(context, stats), covariates)
        weights = {name: self.head.weight[:, columns] for name, columns in self.blocks.items()}
        # a block that the head does not use need not be computed, above all the encoder's
        used = [name for name in self.blocks if self.training or may_hold(weights[name])]
        forecast = self.head.weight.new_zeros(context.shape[0], self.head.out_features)
        for name in used:
            forecast = forecast + parts[name]() @ weights[name].T
        return forecast, stats

    def _parts(
        self, scaled: Float[Tensor, "batch time"], covariates: Float[Tensor, "batch features"] | None
    ) -> dict[str, Callable[[], Tensor]]:
        """How to compute each block of features."""
        dtype = self.head.weight.dtype
        parts: dict[str, Callable[[], Tensor]] = {"lookback": lambda: _filled(scaled).to(dtype)}
        if (backbone := self.backbone) is not None:
            parts["latents"] = lambda: backbone.pooled(scaled) - self.latent_mean
        if (decoder := self.decoder) is not None:
            parts["decoded"] = lambda: decoder(scaled, self.horizon).mean(dim=-1).to(dtype)
        if covariates is not None:
            parts["covariates"] = lambda: covariates.to(dtype)
        return parts


def decoding_network(decoder: PatchForecaster, context_length: int, horizon: int) -> ForecastNetwork:
    """A network that forecasts what is decoded, as it is."""
    network = ForecastNetwork(None, context_length, horizon, decoder=decoder)
    with torch.no_grad():
        network.head.weight[:, network.blocks["decoded"]] = torch.eye(horizon)
    return network.eval().requires_grad_(requires_grad=False)


def _filled(scaled: Float[Tensor, "batch time"]) -> Float[Tensor, "batch time"]:
    """Gaps bridged by lines, a missing end by the last observed value; zero, the mean, before the first one.

    A gap at the end must not look like a return to the mean: it is where a forecast starts.
    """
    if not may_hold(scaled.isnan()):
        return scaled
    begun = (~scaled.isnan()).cumsum(dim=1) > 0
    return torch.where(begun, interpolate_gaps(scaled), 0.0)
