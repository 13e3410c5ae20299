"""Principal components of training windows, and how far other windows lie from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from sklearn.decomposition import PCA

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["Subspace"]

_MOST = 64
"""Components that are computed; variance beyond them counts as one residual."""
_POWER = 3
"""Iterations of the randomised solver, which wide rows take: leading components are exact enough with few."""
_SHARE = 0.9
"""Of the variance, which the normal subspace holds."""
_RIDGE = 0.01
"""Of the variance, added to that of each component: what hardly varied in training must not outweigh everything."""
_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Subspace:
    """Mean, leading directions and their variances.

    Examples
    --------
    >>> line = np.linspace(-1.0, 1.0, 9)[:, None] * np.array([3.0, 4.0])
    >>> space = Subspace.fit(line, seed=0)
    >>> apart = np.array([[6.0, 8.0], [-4.0, 3.0]])
    >>> space.outside(apart).round(6).tolist()
    [0.0, 25.0]
    """

    mean: Float[np.ndarray, "features"]
    components: Float[np.ndarray, "components features"]
    variance: Float[np.ndarray, "components"]
    ridge: float
    normal: int
    """Leading components that hold nine tenths of the variance."""

    @classmethod
    def fit(cls, rows: Float[np.ndarray, "windows features"], seed: int) -> Self:
        """Find the directions; equal rows have none but a null one, and all that differs from them is a residual."""
        mean, spread = rows.mean(axis=0, dtype=np.float64), rows.var(axis=0, dtype=np.float64)
        moving = np.flatnonzero(spread > 0.0)  # channels that stand still would make up most of the work
        total = float(spread.sum()) + _TINY
        count = min(_MOST, len(moving), len(rows) - 1)
        components, variance = np.zeros((max(count, 1), rows.shape[1])), np.zeros(max(count, 1))
        if count:
            pca = PCA(count, svd_solver="auto", iterated_power=_POWER, random_state=seed).fit(rows[:, moving])
            components[:, moving], variance = pca.components_, pca.explained_variance_.astype(np.float64)
        normal = int(np.searchsorted(np.cumsum(variance), _SHARE * total)) + 1
        return cls(mean, components, variance, _RIDGE * total, min(normal, len(variance)))

    def project(
        self, rows: Float[np.ndarray, "windows features"], components: int | None = None
    ) -> Float[np.ndarray, "windows components"]:
        """Coordinates along the first components, all if None."""
        return (rows - self.mean) @ self.components[:components].T

    def outside(
        self, rows: Float[np.ndarray, "windows features"], components: int | None = None
    ) -> Float[np.ndarray, "windows"]:
        """Squared length of what so many components (None: the normal ones) leave over."""
        along = self.project(rows, self.normal if components is None else components)
        return np.maximum(((rows - self.mean) ** 2).sum(axis=1) - (along**2).sum(axis=1), 0.0)

    def residuals(self, rows: Float[np.ndarray, "windows features"]) -> Float[np.ndarray, "windows features"]:
        """What the normal components leave over; the squares add up to :meth:`outside`."""
        return rows - self.mean - self.project(rows, self.normal) @ self.components[: self.normal]

    def whitened(self, rows: Float[np.ndarray, "windows features"]) -> Float[np.ndarray, "windows features"]:
        """Deviations in units of the spread in their direction: the squares add up to Mahalanobis' distance.

        Directions beyond the components have the ridge as their variance.
        """
        apart = rows - self.mean
        along = apart @ self.components.T
        outside = apart - along @ self.components
        return (along / np.sqrt(self.variance + self.ridge)) @ self.components + outside / np.sqrt(self.ridge)
