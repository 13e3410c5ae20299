"""The training loss: named, weighted terms, and what the encoder adds itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tjepa_estimators.jepa.code_losses import (
    BatchEntropyTerm,
    CodeTerm,
    CommitmentTerm,
    EmbeddingTerm,
    SampleEntropyTerm,
)
from tjepa_estimators.jepa.consistency import ConsistencyTerm
from tjepa_estimators.jepa.invariance import InvarianceTerm
from tjepa_estimators.jepa.losses import CoarseTerm, CovarianceTerm, PredictionTerm, SIGRegTerm, VarianceTerm
from tjepa_estimators.jepa.quantiles import QuantileTerm
from tjepa_estimators.jepa.reconstruction import ReconstructionTerm

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


def build_objective(config: JEPAConfig, progress: float = 1.0) -> Objective:
    """The objective that ``config`` describes; terms of weight zero are left out.

    Parameters
    ----------
    config
        Which terms there are, and their weights.
    progress
        How much of the training is done, from 0 to 1; weights that have a schedule depend on it.
    """
    start, end = config.reconstruction
    terms: list[tuple[str, float, Term]] = [
        *_prediction_terms(config),
        ("variance", config.variance, VarianceTerm()),
        ("covariance", config.covariance, CovarianceTerm()),
        ("sigreg", config.sigreg, SIGRegTerm()),
        ("consistency", config.consistency, ConsistencyTerm()),
    ]
    if (quantiles := config.quantiles) is not None:
        terms.append(("quantiles", quantiles.weight, QuantileTerm()))
    if (views := config.invariance) is not None:
        terms.append(("invariance", views.weight, InvarianceTerm(views.variance, views.covariance)))
    chosen = [term for term in terms if term[1] > 0.0]
    # also at a weight of zero: every process must use every parameter in every step
    if config.latent == 0.0:
        chosen.append(("prediction", 0.0, PredictionTerm(config.loss)))
    if max(start, end) > 0.0:
        chosen.append(("reconstruction", start + (end - start) * progress, ReconstructionTerm()))
    return Objective(tuple(chosen))


def _prediction_terms(config: JEPAConfig) -> list[tuple[str, float, Term]]:
    book, latents = config.codebook, PredictionTerm(config.loss)
    if book is None:
        return [("prediction", config.latent, latents), ("coarse", config.coarse, CoarseTerm(latents))]
    return [
        ("codes", 1.0, CodeTerm()),
        ("prediction", book.regression, latents),
        ("coarse", config.coarse, CoarseTerm(CodeTerm())),
        ("embedding", book.embedding, EmbeddingTerm()),
        ("commitment", book.commitment, CommitmentTerm()),
        ("sample_entropy", book.sample_entropy, SampleEntropyTerm()),
        ("batch_entropy", book.batch_entropy, BatchEntropyTerm()),
    ]
