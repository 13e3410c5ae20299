"""How the largest values of a sample are distributed: a generalised Pareto tail.

Glossary: γ the shape (0 is exponential, above it heavier, below it bounded), σ the scale, θ = -γ/σ. Given θ, the
likelihood is highest at γ = mean(log(1 - θ x)), so the fit has one unknown. Zhang and Stephens ("A new and efficient
estimation method for the generalized Pareto distribution", Technometrics 51, 2009) average θ over a grid, weighted by
the likelihood: no optimiser that could fail, and on 12 to 50 values the upper quantiles are less biased than with
maximum likelihood.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["ParetoTail"]

_MOST_POINTS = 100
"""Of the grid: the square root of millions of values would cost seconds and change nothing."""
_FLAT = 1e-9
"""Where θ times the mean is as close to zero as this, the tail is exponential to rounding."""


@dataclass(frozen=True, slots=True)
class ParetoTail:
    """A generalised Pareto distribution of positive values.

    Examples
    --------
    >>> tail = ParetoTail.fit(np.random.default_rng(0).exponential(2.0, 5000))
    >>> round(tail.shape, 1), round(tail.scale, 1), round(tail.exceeded_with(0.01) / 2.0, 1)  # the truth: 4.6
    (0.0, 2.0, 4.8)
    """

    shape: float
    scale: float

    @classmethod
    def fit(cls, values: Float[np.ndarray, "values"]) -> Self:
        """Fit to positive values, in any order; about ten are the fewest that say anything."""
        x = np.sort(values)
        mean = x.mean()
        x = x / mean
        thetas = _grid(x)
        shapes = np.array([_shape(theta, x) for theta in thetas])
        likelihood = len(x) * (np.log(-thetas / shapes) - shapes - 1.0)
        theta = float(np.average(thetas, weights=np.exp(likelihood - likelihood.max())))
        if abs(theta) < _FLAT:
            return cls(0.0, float(mean))
        shape = _shape(theta, x)
        return cls(shape, float(-shape / theta * mean))

    def exceeded_with(self, probability: float) -> float:
        """The value that is exceeded with this probability; negative for probabilities above one."""
        decades = -np.log(probability)
        return float(self.scale * (np.expm1(self.shape * decades) / self.shape if self.shape else decades))


def _grid(x: Float[np.ndarray, "values"]) -> Float[np.ndarray, "points"]:
    points = 20 + min(int(np.sqrt(len(x))), _MOST_POINTS - 20)
    quartile = x[int(len(x) / 4 + 0.5) - 1]
    thetas = 1.0 / x[-1] + (1.0 - np.sqrt(points / (np.arange(points) + 0.5))) / (3.0 * quartile)
    return thetas[np.abs(thetas) > _FLAT]


def _shape(theta: float, x: Float[np.ndarray, "values"]) -> float:
    return float(np.log1p(-theta * x).mean())
