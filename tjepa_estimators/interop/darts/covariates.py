"""Covariates of a Darts batch as the features that the head was solved on."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import torch
from torch import nn

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from tjepa_estimators.tasks.covariates import CovariateScale

__all__ = ["CovariateInputs"]

_KINDS = ("known", "past", "static")


class CovariateInputs(nn.Module):
    """The tensor twin of :class:`~tjepa_estimators.tasks.covariates.CovariateScale`: same features, same order.

    Parameters
    ----------
    lookback
        Past steps of a covariate that become features.
    columns
        Columns of each kind: ``{"known": 2, "past": 0, "static": 1}``.
    """

    def __init__(self, lookback: int, columns: dict[str, int]) -> None:
        super().__init__()
        self.lookback = lookback
        self.kinds = tuple(kind for kind in _KINDS if columns[kind])
        for kind in self.kinds:
            self.register_buffer(f"{kind}_mean", torch.zeros(columns[kind], dtype=torch.float64))
            self.register_buffer(f"{kind}_std", torch.ones(columns[kind], dtype=torch.float64))

    def load_scale(self, scale: CovariateScale) -> None:
        """Standardise as ``scale`` does."""
        for kind in self.kinds:
            standard = getattr(scale, kind)
            self.get_buffer(f"{kind}_mean").copy_(torch.from_numpy(standard.mean))
            self.get_buffer(f"{kind}_std").copy_(torch.from_numpy(standard.std))

    def forward(self, batch: Any) -> Float[Tensor, "batch features"] | None:
        """Features of a :class:`PLModuleInput`, for all channels of a series alike; None if there are none."""
        parts = [self._standardised(kind, getattr(self, f"_{kind}")(batch)) for kind in self.kinds]
        return torch.cat([part.flatten(1) for part in parts], dim=1) if parts else None

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Follow to another device, but stay in double precision: years and other large numbers are standardised."""
        exact = dict(self._buffers)
        super()._apply(fn, recurse)
        for name, buffer in exact.items():
            if buffer is not None:
                self._buffers[name] = buffer.to(self.get_buffer(name).device)
        return self

    def _standardised(self, kind: str, values: Float[Tensor, "... columns"]) -> Float[Tensor, "... columns"]:
        mean, std = (self.get_buffer(f"{kind}_{name}").to(values.dtype) for name in ("mean", "std"))
        return ((values - mean) / std).nan_to_num(0.0)

    def _known(self, batch: Any) -> Float[Tensor, "batch steps columns"]:
        return torch.cat([self._latest(batch.historic_future_covariates), batch.future_covariates], dim=1)

    def _past(self, batch: Any) -> Float[Tensor, "batch steps columns"]:
        return self._latest(batch.past_covariates)

    def _static(self, batch: Any) -> Float[Tensor, "batch columns"]:
        return batch.static_covariates.flatten(1)

    def _latest(self, values: Float[Tensor, "batch time columns"]) -> Float[Tensor, "batch steps columns"]:
        return values[:, values.shape[1] - self.lookback :]
