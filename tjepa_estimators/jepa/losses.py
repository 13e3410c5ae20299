"""Loss terms: prediction errors of latents, and regularisers that keep the latents from collapsing.

The maths are free functions; the term classes only choose which part of a ``JEPAOutput`` they act on.
A prediction error is averaged over the observed queries. A regulariser takes its statistics over the batch,
separately for each visible slot (first visible token, second, ...), and averages over the slots: pooled over
slots, positions that differ from each other look like variance even where each is constant across the batch.
Slots with fewer than two observed rows tell nothing and count for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import torch
from torch.nn import functional

from tjepa_estimators.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jaxtyping import Bool, Float, Int
    from torch import Tensor

    from tjepa_estimators.contracts import JEPAOutput, Term

__all__ = [
    "LOSSES",
    "CoarseTerm",
    "CovarianceTerm",
    "PredictionTerm",
    "SIGRegTerm",
    "VarianceTerm",
    "center",
    "cosine_loss",
    "covariance_loss",
    "find_loss",
    "l1_loss",
    "l2_loss",
    "sigreg_loss",
    "smooth_l1_loss",
    "variance_loss",
]


def l1_loss(
    prediction: Float[Tensor, "batch queries dim"],
    target: Float[Tensor, "batch queries dim"],
    observed: Bool[Tensor, "batch queries"],
) -> Float[Tensor, ""]:
    """Mean absolute error over the observed queries; zero if there are none."""
    prediction, target = _drop_unobserved(prediction, target, observed)
    return _observed_mean(functional.l1_loss(prediction, target, reduction="none").mean(dim=-1), observed)


def smooth_l1_loss(
    prediction: Float[Tensor, "batch queries dim"],
    target: Float[Tensor, "batch queries dim"],
    observed: Bool[Tensor, "batch queries"],
) -> Float[Tensor, ""]:
    """Mean error over the observed queries, half its square below 1 and linear above; zero if there are none.

    Examples
    --------
    >>> smooth_l1_loss(torch.tensor([[[0.5, 2.0]]]), torch.zeros(1, 1, 2), torch.tensor([[True]]))
    tensor(0.8125)
    """
    prediction, target = _drop_unobserved(prediction, target, observed)
    return _observed_mean(functional.smooth_l1_loss(prediction, target, reduction="none").mean(dim=-1), observed)


def l2_loss(
    prediction: Float[Tensor, "batch queries dim"],
    target: Float[Tensor, "batch queries dim"],
    observed: Bool[Tensor, "batch queries"],
) -> Float[Tensor, ""]:
    """Mean squared error over the observed queries; zero if there are none."""
    prediction, target = _drop_unobserved(prediction, target, observed)
    return _observed_mean(functional.mse_loss(prediction, target, reduction="none").mean(dim=-1), observed)


def cosine_loss(
    prediction: Float[Tensor, "batch queries dim"],
    target: Float[Tensor, "batch queries dim"],
    observed: Bool[Tensor, "batch queries"],
) -> Float[Tensor, ""]:
    """One minus the cosine between prediction and target, over the observed queries; zero if there are none."""
    prediction, target = _drop_unobserved(prediction, target, observed)
    return _observed_mean(1 - functional.cosine_similarity(prediction, target, dim=-1), observed)


LOSSES: Mapping[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "smooth_l1": smooth_l1_loss,
    "l1": l1_loss,
    "l2": l2_loss,
    "cosine": cosine_loss,
}
"""Prediction errors by name."""


def find_loss(name: str) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """Find a prediction error by its name in ``LOSSES``.

    Raises
    ------
    ConfigError
        If there is no such name.
    """
    if name not in LOSSES:
        raise ConfigError(f"loss {name!r} is unknown; choose one of {sorted(LOSSES)}.")
    return LOSSES[name]


def variance_loss(
    latents: Float[Tensor, "*slots n dim"], observed: Bool[Tensor, "*slots n"] | None = None, eps: float = 1e-4
) -> Float[Tensor, ""]:
    """How far the standard deviations over ``n`` fall below 1: the hinge of VICReg (arXiv 2105.04906, eq. 1).

    One direction shared by all dimensions satisfies it, so use it together with ``covariance_loss``.

    Parameters
    ----------
    latents
        Samples, possibly of several slots, over which the loss is averaged.
    observed
        False where a sample must be ignored; None observes all.
    eps
        Added to the variance, so that its root has a gradient at zero.

    Examples
    --------
    >>> variance_loss(torch.zeros(8, 2), eps=0.25)
    tensor(0.5000)
    """
    centered, count = center(latents, observed)
    variance = centered.square().sum(dim=-2) / (count - 1).clamp(min=1).unsqueeze(-1)
    return _slot_mean(functional.relu(1 - (variance + eps).sqrt()).mean(dim=-1), count)


def covariance_loss(
    latents: Float[Tensor, "*slots n dim"], observed: Bool[Tensor, "*slots n"] | None = None
) -> Float[Tensor, ""]:
    """Squared covariances between different dimensions, summed and divided by ``dim`` (VICReg, eq. 3 and 4).

    Parameters
    ----------
    latents
        Samples, possibly of several slots, over which the loss is averaged.
    observed
        False where a sample must be ignored; None observes all.

    Examples
    --------
    >>> covariance_loss(torch.tensor([[1.0, 1.0], [-1.0, -1.0]]))
    tensor(4.)
    """
    centered, count = center(latents, observed)
    covariance = centered.mT @ centered / (count - 1).clamp(min=1)[..., None, None]
    dim = latents.shape[-1]
    between = ~torch.eye(dim, dtype=torch.bool, device=latents.device)
    return _slot_mean((covariance.square() * between).sum(dim=(-2, -1)) / dim, count)


def sigreg_loss(
    latents: Float[Tensor, "*slots n dim"],
    observed: Bool[Tensor, "*slots n"] | None = None,
    slices: int = 256,
    knots: int = 17,
) -> Float[Tensor, ""]:
    r"""Distance of the samples from an isotropic standard normal: SIGReg of LeJEPA (arXiv 2511.08544).

    The samples are projected on random directions, and on each the statistic of Epps and Pulley compares their
    characteristic function with that of N(0, 1): :math:`n \int |\hat\varphi(t) - e^{-t^2/2}|^2 e^{-t^2/2} dt` over
    [-5, 5], by the trapezoid rule on the half [0, 5], as the integrand is even. For standard normal samples it is
    about 1.06 whatever ``n``; for samples that are all zero .41 ``n``.

    Directions are drawn on the CPU from torch's global random state, which the training loop seeds for each step,
    so that all processes, and a repeated run, use the same ones. Work and memory grow with samples x slices x knots.

    Parameters
    ----------
    latents
        Samples, possibly of several slots, over which the loss is averaged.
    observed
        False where a sample must be ignored; None observes all.
    slices
        Number of random directions.
    knots
        Points of the integral.
    """
    if observed is None:
        observed = latents.new_ones(latents.shape[:-1], dtype=torch.bool)
    keep, count = observed[..., None, None], observed.sum(dim=-1)
    directions = functional.normalize(torch.randn(latents.shape[-1], slices).to(latents), dim=0)
    points = torch.linspace(0, 5, knots, device=latents.device, dtype=latents.dtype)
    normal = (-points.square() / 2).exp()
    angles = (latents.where(observed.unsqueeze(-1), 0.0) @ directions).unsqueeze(-1) * points
    real, imaginary = (
        (part * keep).sum(dim=-3) / count.clamp(min=1)[..., None, None] for part in (angles.cos(), angles.sin())
    )  # (*slots, slices, knots)
    distance = (real - normal).square() + imaginary.square()
    statistic = 2 * count.unsqueeze(-1) * torch.trapezoid(distance * normal, points, dim=-1)
    return _slot_mean(statistic.mean(dim=-1), count)


@dataclass(frozen=True, slots=True)
class PredictionTerm:
    """Error of the predicted latents, by a name in ``LOSSES``.

    Raises
    ------
    ConfigError
        If ``loss`` is unknown.
    """

    loss: str = "smooth_l1"

    def __post_init__(self) -> None:
        find_loss(self.loss)

    def __call__(self, output: JEPAOutput) -> Float[Tensor, ""]:
        """Average over the observed queries."""
        return find_loss(self.loss)(output.prediction, output.target, output.observed)


@dataclass(frozen=True, slots=True)
class CoarseTerm:
    """Another term, on the hidden part averaged down to one token."""

    term: Term

    def __call__(self, output: JEPAOutput) -> Float[Tensor, ""]:
        """The other term on the coarse query."""
        return self.term(cast("JEPAOutput", output.coarse))  # build_objective asks for it with a coarse predictor only


@dataclass(frozen=True, slots=True)
class VarianceTerm:
    """Keep the student's latents from shrinking (``variance_loss`` over the batch, for each visible slot)."""

    def __call__(self, output: JEPAOutput) -> Float[Tensor, ""]:
        """Average over the visible slots."""
        return variance_loss(output.latents.transpose(0, 1), output.visible.T)


@dataclass(frozen=True, slots=True)
class CovarianceTerm:
    """Keep the student's dimensions from repeating each other (``covariance_loss``, for each visible slot)."""

    def __call__(self, output: JEPAOutput) -> Float[Tensor, ""]:
        """Average over the visible slots."""
        return covariance_loss(output.latents.transpose(0, 1), output.visible.T)


@dataclass(frozen=True, slots=True)
class SIGRegTerm:
    """Draw the student's latents to an isotropic normal (``sigreg_loss``, for each visible slot).

    Raises
    ------
    ConfigError
        If there is no slice, or fewer than two knots.
    """

    slices: int = 256
    knots: int = 17

    def __post_init__(self) -> None:
        if self.slices < 1 or self.knots < 2:
            raise ConfigError(
                f"slices={self.slices}, knots={self.knots}: SIGReg needs at least 1 slice and 2 knots; "
                f"the defaults 256 and 17 are the paper's."
            )

    def __call__(self, output: JEPAOutput) -> Float[Tensor, ""]:
        """Average over the visible slots."""
        return sigreg_loss(output.latents.transpose(0, 1), output.visible.T, self.slices, self.knots)


def center(
    latents: Float[Tensor, "*slots n dim"], observed: Bool[Tensor, "*slots n"] | None = None
) -> tuple[Float[Tensor, "*slots n dim"], Int[Tensor, "*slots"]]:
    """Subtract the mean over ``n``; samples that are not observed become zero. Also counts the observed."""
    if observed is None:
        observed = latents.new_ones(latents.shape[:-1], dtype=torch.bool)
    keep, count = observed.unsqueeze(-1), observed.sum(dim=-1)
    mean = latents.where(keep, 0.0).sum(dim=-2, keepdim=True) / count.clamp(min=1)[..., None, None]
    return (latents - mean).where(keep, 0.0), count


def _drop_unobserved(
    prediction: Float[Tensor, "batch queries dim"],
    target: Float[Tensor, "batch queries dim"],
    observed: Bool[Tensor, "batch queries"],
) -> tuple[Float[Tensor, "batch queries dim"], Float[Tensor, "batch queries dim"]]:
    """Zero the unobserved before any arithmetic: a NaN survives a later multiplication by zero."""
    keep = observed.unsqueeze(-1)
    return prediction.where(keep, 0.0), target.where(keep, 0.0)


def _observed_mean(error: Float[Tensor, "batch queries"], observed: Bool[Tensor, "batch queries"]) -> Float[Tensor, ""]:
    return error.where(observed, 0.0).sum() / observed.sum().clamp(min=1)


def _slot_mean(loss: Float[Tensor, "*slots"], count: Int[Tensor, "*slots"]) -> Float[Tensor, ""]:
    """Mean over the slots whose statistics rest on two samples or more; zero if there are none."""
    known = count >= 2
    return loss.where(known, 0.0).sum() / known.sum().clamp(min=1)
