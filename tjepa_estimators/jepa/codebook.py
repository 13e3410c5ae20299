"""A soft codebook: latents become mixtures of a few learned codes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from tjepa_estimators.errors import ConfigError

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

__all__ = ["Codebook", "CodebookConfig", "Coded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodebookConfig:
    """Size of a :class:`Codebook`, and the weights of its loss terms; the divergence of predicted codes has weight 1.

    The values are those of MTS-JEPA (arXiv 2602.04643).
    """

    codes: int = 128
    """Number of codes."""
    temperature: float = 0.1
    """Divides the cosines; smaller makes a latent take fewer codes."""
    embedding: float = 1.0
    """Weight of the term that draws codes to latents."""
    commitment: float = 0.25
    """Weight of the term that draws latents to codes."""
    sample_entropy: float = 0.005
    """Weight of the entropy of the codes of a token: each is to take few."""
    batch_entropy: float = 0.01
    """Weight of what a batch lacks of using all codes alike."""
    regression: float = 0.1
    """Weight of the prediction error of the coded latents, beside the divergence of the codes."""

    def __post_init__(self) -> None:
        weights = (self.embedding, self.commitment, self.sample_entropy, self.batch_entropy, self.regression)
        if self.codes < 2 or not 0.0 < self.temperature < math.inf:
            msg = f"a codebook needs at least 2 codes and a positive, finite temperature; got {self}."
            raise ConfigError(msg)
        if not all(0.0 <= weight < math.inf for weight in weights):
            msg = f"weights of a codebook's terms must be finite and not negative; got {self}."
            raise ConfigError(msg)


@dataclass(frozen=True, slots=True)
class Coded:
    """Latents as mixtures of codes."""

    values: Float[Tensor, "batch tokens dim"]
    """The mixtures."""
    log_probabilities: Float[Tensor, "batch tokens codes"]
    """Logarithm of the share that each code has."""


class Codebook(nn.Module):
    r"""Mix codes by their likeness to a latent: :math:`p = \mathrm{softmax}(\cos(h, c) / \tau),\ z = \sum_k p_k c_k`.

    Source: MTS-JEPA (arXiv 2602.04643), soft codebook.

    Parameters
    ----------
    codes
        How many there are.
    dim
        Width of a latent and of a code.
    temperature
        Divides the cosines.

    Examples
    --------
    >>> coded = Codebook(codes=4, dim=8, temperature=0.1)(torch.randn(2, 3, 8))
    >>> coded.values.shape, coded.log_probabilities.shape
    (torch.Size([2, 3, 8]), torch.Size([2, 3, 4]))
    """

    def __init__(self, codes: int, dim: int, temperature: float) -> None:
        super().__init__()
        self.codes = nn.Parameter(torch.randn(codes, dim))  # as long as latents that a layer norm leaves
        self.temperature = temperature

    def forward(self, latents: Float[Tensor, "batch tokens dim"]) -> Coded:
        """Replace each latent by a mixture of codes."""
        cosines = functional.normalize(latents, dim=-1) @ functional.normalize(self.codes, dim=-1).T
        logs = functional.log_softmax(cosines / self.temperature, dim=-1)
        return Coded(logs.exp() @ self.codes, logs)
