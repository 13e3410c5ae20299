"""Novelty: how far something lies from the nearest usual ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
from sklearn.neighbors import NearestNeighbors

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["Novelty"]

_NEIGHBOURS = 3
_FLOOR = 0.01
"""Distances below it are rounding: usual rows may all be alike."""


class Novelty:
    """Distance to the nearest usual rows, beside how far these lie from each other; a logarithm.

    All columns count together, so that it shows where each value is usual and only their company is not. Zero is as
    usual as one half of the usual rows is to the other.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> novelty = Novelty().fit(random.normal(size=(50, 4)))
    >>> novelty(np.array([[0.0, 0, 0, 0], [9, 9, 9, 9]])).round(1).tolist()
    [-0.6, 2.5]
    """

    def fit(self, rows: Float[np.ndarray, "rows columns"]) -> Self:
        """Learn what is usual; rows come in order of time."""
        half = len(rows) // 2
        early, late = rows[:half], rows[half:]
        # neighbours in time are alike, so each half is measured by the other
        apart = [_distances(early, late), _distances(late, early)] if half else [np.zeros(1)]
        self._usual = float(np.median(np.concatenate(apart)))
        self._rows = rows
        return self

    def __call__(self, rows: Float[np.ndarray, "rows columns"]) -> Float[np.ndarray, "rows"]:
        """Novelty of each row; it depends on no other."""
        return np.log((_distances(self._rows, rows) + _FLOOR) / (self._usual + _FLOOR))


def _distances(known: Float[np.ndarray, "known columns"], rows: Float[np.ndarray, "rows columns"]) -> np.ndarray:
    """Mean distance to the nearest rows, per column."""
    nearest = NearestNeighbors(n_neighbors=min(_NEIGHBOURS, len(known)), algorithm="brute").fit(known)
    return nearest.kneighbors(rows)[0].mean(axis=1) / known.shape[1] ** 0.5
