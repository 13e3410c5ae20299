"""Whitening: embeddings whose directions are uncorrelated and equally wide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["Whitening"]

_FLAT = 1e-6
"""Directions with less of the largest variance are noise, which must not be blown up."""


@dataclass(frozen=True)
class Whitening:
    """Learned mean and directions of embeddings.

    Embeddings of language models share a few directions, in which all texts are alike; without them a cosine tells more
    (Su et al., "Whitening sentence representations", arXiv 2103.15316).

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(500, 3)) @ np.array([[9.0, 0, 0], [9, 1, 0], [0, 0, 1]])
    >>> bool(np.allclose(np.cov(Whitening.learn(rows)(rows).T), np.eye(3)))
    True
    """

    mean: Float[np.ndarray, " dim"]
    scale: Float[np.ndarray, "dim dim"]

    @classmethod
    def learn(cls, rows: Float[np.ndarray, "rows dim"]) -> Self:
        """From embeddings; directions in which they do not vary become zero."""
        mean = rows.mean(axis=0)
        spread = np.atleast_2d(np.cov(rows, rowvar=False, ddof=min(1, len(rows) - 1)))
        variance, directions = np.linalg.eigh(spread)
        keep = variance > _FLAT * max(variance.max(), np.finfo(float).tiny)
        return cls(mean, directions * np.where(keep, 1.0 / np.sqrt(np.where(keep, variance, 1.0)), 0.0))

    def __call__(self, rows: Float[np.ndarray, "rows dim"]) -> Float[np.ndarray, "rows dim"]:
        """Whitened embeddings; the widest direction is the last."""
        return (rows - self.mean) @ self.scale
