"""The forecasting network: instance norm, encoder, linear head."""

from __future__ import annotations

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

    from tjepa_estimators.nn.backbone import Backbone

__all__ = ["ForecastNetwork"]


class ForecastNetwork(nn.Module):
    """Forecast one channel from its window: a linear head on [lookback, latents, covariates].

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
    """

    def __init__(self, backbone: Backbone | None, context_length: int, horizon: int, covariates: int = 0) -> None:
        super().__init__()
        self.backbone = backbone
        self.context_length = context_length
        self.horizon = horizon
        latents = 0 if backbone is None else backbone.dim
        ends = (0, context_length, context_length + latents, context_length + latents + covariates)
        names = ("lookback", "latents", "covariates")
        self.blocks = {name: slice(ends[i], ends[i + 1]) for i, name in enumerate(names) if ends[i + 1] > ends[i]}
        # zeros need no random numbers: drawing them would disturb the caller's generator
        self.head: nn.Linear = nn.utils.skip_init(nn.Linear, ends[-1], horizon, bias=False)
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
    ) -> tuple[Float[Tensor, "batch horizon"], InstanceStats]:
        """Forecast in the window's own scale, and that scale."""
        stats = instance_stats(context)
        parts = self._parts(normalize(context, stats), covariates)
        weights = {name: self.head.weight[:, columns] for name, columns in self.blocks.items()}
        # a block that the head does not use need not be computed, above all the encoder's
        used = [name for name in self.blocks if self.training or may_hold(weights[name])]
        forecast = self.head.weight.new_zeros(context.shape[0], self.horizon)
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
        if covariates is not None:
            parts["covariates"] = lambda: covariates.to(dtype)
        return parts


def _filled(scaled: Float[Tensor, "batch time"]) -> Float[Tensor, "batch time"]:
    """Gaps bridged by lines, a missing end by the last observed value; zero, the mean, before the first one.

    A gap at the end must not look like a return to the mean: it is where a forecast starts.
    """
    if not may_hold(scaled.isnan()):
        return scaled
    begun = (~scaled.isnan()).cumsum(dim=1) > 0
    return torch.where(begun, interpolate_gaps(scaled), 0.0)
