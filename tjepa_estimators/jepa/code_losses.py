"""Loss terms of a soft codebook: agreement on codes, codes near latents, few codes a token, all codes in use.

The maths are free functions; the term classes only choose which part of a ``JEPAOutput`` they act on. Whether the
codes are those of the fine or of the coarse targets is the business of
:class:`~tjepa_estimators.jepa.losses.CoarseTerm`.

Source: MTS-JEPA (arXiv 2602.04643), as far as it differs from VQ-VAE (arXiv 1711.00937).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from tjepa_estimators.jepa.losses import l2_loss

if TYPE_CHECKING:
    from jaxtyping import Bool, Float
    from torch import Tensor

    from tjepa_estimators.contracts import CodeOutput, JEPAOutput

__all__ = [
    "BatchEntropyTerm",
    "CodeTerm",
    "CommitmentTerm",
    "EmbeddingTerm",
    "SampleEntropyTerm",
    "code_divergence",
    "perplexity",
    "token_entropy",
    "usage_entropy",
]


def code_divergence(
    prediction: Float[Tensor, "batch queries codes"],
    target: Float[Tensor, "batch queries codes"],
    observed: Bool[Tensor, "batch queries"],
) -> Float[Tensor, ""]:
    """Kullback-Leibler divergence of predicted from target codes, both as logarithms, over the observed queries.

    Zero where they are equal, or where nothing is observed.
    """
    divergence = (target.exp() * (target - prediction)).sum(dim=-1)
    return divergence.where(observed, 0.0).sum() / observed.sum().clamp(min=1)


def token_entropy(
    logs: Float[Tensor, "batch tokens codes"], observed: Bool[Tensor, "batch tokens"]
) -> Float[Tensor, ""]:
    """Mean entropy of the codes of a token: 0 if each takes one, the logarithm of their number if it takes all."""
    entropy = -(logs.exp() * logs).sum(dim=-1)
    return entropy.where(observed, 0.0).sum() / observed.sum().clamp(min=1)


def usage_entropy(
    logs: Float[Tensor, "batch tokens codes"], observed: Bool[Tensor, "batch tokens"]
) -> Float[Tensor, ""]:
    """Entropy of the mean share of each code over all tokens: 0 if all tokens take the same one."""
    weight = observed.unsqueeze(-1)
    share = logs.exp().where(weight, 0.0).sum(dim=(0, 1)) / weight.sum().clamp(min=1)
    # the smallest number stands for a code that nobody takes: the slope of its logarithm would be infinite
    return -(share * share.clamp(min=1e-12).log()).sum()


def perplexity(logs: Float[Tensor, "batch tokens codes"], observed: Bool[Tensor, "batch tokens"]) -> float:
    """How many codes are in use: their number if all alike, 1 if all tokens take the same one.

    Examples
    --------
    >>> import torch
    >>> round(perplexity(torch.full((2, 3, 4), 0.25).log(), torch.ones(2, 3, dtype=torch.bool)), 4)
    4.0
    """
    return math.exp(usage_entropy(logs.detach().double(), observed).item())


@dataclass(frozen=True, slots=True)
class CodeTerm:
    """Disagreement on the codes of the targets."""

    def __call__(self, output: JEPAOutput) -> Float[Tensor, ""]:
        """Average over the observed queries."""
        codes = _codes(output)
        return code_divergence(codes.prediction, codes.target, output.observed)


@dataclass(frozen=True, slots=True)
class EmbeddingTerm:
    """Draw the codes to the student's latents."""

    def __call__(self, output: JEPAOutput) -> Float[Tensor, ""]:
        """Average over the visible tokens."""
        return l2_loss(_codes(output).latents, output.latents.detach(), output.visible)


@dataclass(frozen=True, slots=True)
class CommitmentTerm:
    """Draw the student's latents to the codes."""

    def __call__(self, output: JEPAOutput) -> Float[Tensor, ""]:
        """Average over the visible tokens."""
        return l2_loss(output.latents, _codes(output).latents.detach(), output.visible)


@dataclass(frozen=True, slots=True)
class SampleEntropyTerm:
    """Let each token take few codes."""

    def __call__(self, output: JEPAOutput) -> Float[Tensor, ""]:
        """Average over the visible tokens."""
        return token_entropy(_codes(output).visible, output.visible)


@dataclass(frozen=True, slots=True)
class BatchEntropyTerm:
    """Let a batch use all codes: what its usage lacks of the highest entropy, so that it cannot be negative.

    On several devices each looks at its own share of the batch.
    """

    def __call__(self, output: JEPAOutput) -> Float[Tensor, ""]:
        """Over all visible tokens."""
        logs = _codes(output).visible
        return math.log(logs.shape[-1]) - usage_entropy(logs, output.visible)


def _codes(output: JEPAOutput) -> CodeOutput:
    return cast("CodeOutput", output.codes)  # build_objective asks for these terms with a codebook only
