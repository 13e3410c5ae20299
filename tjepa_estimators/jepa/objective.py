"""The training loss: named, weighted terms, and what the encoder adds itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tjepa_estimators.jepa.losses import CovarianceTerm, PredictionTerm, SIGRegTerm, VarianceTerm

if TYPE_CHECKING:
    from torch import Tensor

    from tjepa_estimators.contracts import JEPAOutput, Term
    from tjepa_estimators.jepa.config import JEPAConfig

__all__ = ["Loss", "Objective", "build_objective"]


@dataclass(frozen=True, slots=True)
class Loss:
    """The total and what it is made of, before weighting.

    A loss that the encoder has of its own is named ``"encoder.<name>"`` and carries its weight already.
    """

    total: Tensor
    parts: dict[str, Tensor]


@dataclass(frozen=True, slots=True)
class Objective:
    """A weighted sum of loss terms."""

    terms: tuple[tuple[str, float, Term], ...]
    """Name, weight and term."""

    def __call__(self, output: JEPAOutput) -> Loss:
        """Weigh the terms of one forward pass and add the losses of the encoder."""
        parts = {name: term(output) for name, _, term in self.terms}
        own = {f"encoder.{name}": loss for name, loss in output.auxiliary.items()}
        weighted = [*(weight * parts[name] for name, weight, _ in self.terms), *own.values()]
        return Loss(sum(weighted, start=output.prediction.new_zeros(())), parts | own)


def build_objective(config: JEPAConfig) -> Objective:
    """The objective that ``config`` describes; terms of weight zero are left out."""
    terms: tuple[tuple[str, float, Term], ...] = (
        ("prediction", 1.0, PredictionTerm(config.loss)),
        ("variance", config.variance, VarianceTerm()),
        ("covariance", config.covariance, CovarianceTerm()),
        ("sigreg", config.sigreg, SIGRegTerm()),
    )
    return Objective(tuple(term for term in terms if term[1] > 0.0))
