"""What the parameters of Darts' likelihoods mean: how they scale with a window, and where training begins.

Darts reads raw numbers and squashes them itself. A location moves and scales with the window; the raw value
of a scale passes through softplus, so it is scaled on the other side of it; a shape does neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn.functional import softplus

from tjepa_estimators.interop.darts._compat import LikelihoodType

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from tjepa_estimators.data.scaling import InstanceStats
    from tjepa_estimators.interop.darts._compat import TorchLikelihood

__all__ = ["DECODED", "offsets_of", "parameter_roles", "spread_levels", "to_series_scale"]

_ROLES = {
    LikelihoodType.Gaussian: ("location", "scale"),
    LikelihoodType.Laplace: ("location", "scale"),
    LikelihoodType.Gumbel: ("location", "scale"),
    LikelihoodType.Cauchy: ("location", "scale"),
    LikelihoodType.Poisson: ("location",),
    LikelihoodType.NegativeBinomial: ("location", "shape"),
}
DECODED = (LikelihoodType.Quantile, LikelihoodType.Gaussian, LikelihoodType.Laplace, LikelihoodType.Cauchy)
"""Likelihoods whose parameters follow from quantiles alone."""
_ONE_SIGMA = (0.1587, 0.8413)
_SCALE = {LikelihoodType.Laplace: 1 / 1.1477, LikelihoodType.Gumbel: 1 / 1.1826, LikelihoodType.Cauchy: 1 / 1.8373}
"""Scale parameter of a distribution whose half-width between these two quantiles is one; 1 for a normal one."""
_SMALLEST = 1e-12
"""Smallest spread; that of a constant window, see ``data/scaling.py``."""


def parameter_roles(likelihood: TorchLikelihood | None) -> tuple[str, ...]:
    """``"location"``, ``"scale"`` or ``"shape"`` for each parameter; without a likelihood the forecast itself."""
    if likelihood is None:
        return ("location",)
    if likelihood.type == LikelihoodType.Quantile:
        return ("location",) * likelihood.num_parameters
    return _ROLES.get(likelihood.type, ("shape",) * likelihood.num_parameters)


def to_series_scale(
    raw: Float[Tensor, "rows steps parameters"], stats: InstanceStats, roles: tuple[str, ...]
) -> Float[Tensor, "rows steps parameters"]:
    """Bring raw parameters from the units of the window to those of the series."""
    columns = []
    for role, column in zip(roles, raw.unbind(dim=2), strict=True):
        if role == "location":
            columns.append(column * stats.std + stats.mean)
        elif role == "scale":
            columns.append(_inverse_softplus(softplus(column) * stats.std))
        else:
            columns.append(column)
    return torch.stack(columns, dim=2)


def spread_levels(likelihood: TorchLikelihood | None) -> tuple[float, ...]:
    """Levels of the quantiles that the spread of a likelihood follows from; none without one."""
    if likelihood is None:
        return ()
    return tuple(likelihood.quantiles) if likelihood.type == LikelihoodType.Quantile else _ONE_SIGMA


def offsets_of(
    likelihood: TorchLikelihood | None, quantiles: Float[Tensor, "*rows steps levels"]
) -> Float[Tensor, "*rows steps parameters"]:
    """What to add to a point forecast, in the units of the window, so that it has this spread.

    Parameters
    ----------
    likelihood
        Whose parameters are asked for.
    quantiles
        Quantiles about the point forecast at :func:`spread_levels`.
    """
    roles = parameter_roles(likelihood)
    if likelihood is None:
        return quantiles.new_zeros(*quantiles.shape[:-1], 1)
    if likelihood.type == LikelihoodType.Quantile:
        return quantiles
    half = (quantiles[..., 1] - quantiles[..., 0]) / 2.0
    spread = _inverse_softplus(half * _SCALE.get(likelihood.type, 1.0))
    return torch.stack([spread if role == "scale" else torch.zeros_like(spread) for role in roles], dim=-1)


def _inverse_softplus(positive: Tensor) -> Tensor:
    positive = positive.clamp_min(_SMALLEST)
    return positive + torch.log(-torch.expm1(-positive))
