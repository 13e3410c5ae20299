"""Fusion: the standardised scores of several resolutions and scorers become one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Self

import numpy as np
from scipy.special import expit
from scipy.stats import rankdata

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["FUSIONS", "Agreement", "Fusion", "Highest", "MeanRank", "MeanVote"]

_SLOPE = 2.0
"""How fast a vote rises around the edge of what is normal."""
_TINY = 1e-12


class Fusion(ABC):
    """One score out of several; a part that is NaN says nothing, and where none says anything the score is zero."""

    def fit(self, parts: Float[np.ndarray, "parts time"]) -> Self:  # noqa: ARG002 - most learn nothing
        """Learn from the scores of training steps, without labels."""
        return self

    @abstractmethod
    def __call__(self, parts: Float[np.ndarray, "parts time"]) -> Float[np.ndarray, "time"]:
        """Fuse."""


class MeanVote(Fusion):
    """Mean of votes between 0 and 1: half a vote at the edge of what is normal, nearly a whole one two units beyond.

    So all parts together decide. A part that finds a step very ordinary does not silence one that finds it abnormal,
    as it sees another kind of anomaly; and none can shout the others down, however far its evidence goes.

    Examples
    --------
    >>> MeanVote()(np.array([[1.0, np.nan, 9.0, np.nan], [-9.0, 9.0, 9.0, np.nan]])).round(1).tolist()
    [0.2, 1.0, 1.0, 0.0]
    """

    _weights: Float[np.ndarray, "parts"] | None = None

    def __call__(self, parts: Float[np.ndarray, "parts time"]) -> Float[np.ndarray, "time"]:
        """Weighted mean over the parts that say something."""
        weights = np.ones(len(parts)) if self._weights is None else self._weights
        votes = np.nan_to_num(expit(_SLOPE * (parts - 1.0)))
        return (weights @ votes) / np.maximum(weights @ ~np.isnan(parts), _TINY)


class Agreement(MeanVote):
    """The same mean, where a part counts by how well it agrees with the others on the training steps.

    The weight is the rank correlation with the mean rank of the others, at least a tenth of the highest: what goes its
    own way on normal data is more often noise than insight. No label is needed.
    """

    def fit(self, parts: Float[np.ndarray, "parts time"]) -> Self:
        """Measure the agreement."""
        known = parts[:, ~np.isnan(parts).any(axis=0)]
        if len(known) < 2 or known.shape[1] < 2:
            return self
        ranks = rankdata(known, axis=1)
        others = ranks.sum(axis=0) - ranks
        agreement = np.array([_correlation(own, rest) for own, rest in zip(ranks, others, strict=True)])
        self._weights = np.maximum(agreement, 0.1 * max(agreement.max(), 0.1))
        return self


class Highest(Fusion):
    """The highest score, whichever part gives it.

    Examples
    --------
    >>> Highest()(np.array([[1.0, np.nan, np.nan], [3.0, 2.0, np.nan]])).tolist()
    [3.0, 2.0, 0.0]
    """

    def __call__(self, parts: Float[np.ndarray, "parts time"]) -> Float[np.ndarray, "time"]:
        """Maximum over the parts."""
        top = np.where(np.isnan(parts), -np.inf, parts).max(axis=0)
        return np.where(np.isneginf(top), 0.0, top)


class MeanRank(Fusion):
    """Mean of the ranks among the training steps, from -1 (lowest) to 1 (above all of them).

    No single score can outweigh the others; nor can the mean tell far above all training steps from just above.
    """

    def fit(self, parts: Float[np.ndarray, "parts time"]) -> Self:
        """Remember the training scores."""
        self._sorted = [np.sort(one[~np.isnan(one)]) for one in parts]
        return self

    def __call__(self, parts: Float[np.ndarray, "parts time"]) -> Float[np.ndarray, "time"]:
        """Mean over the parts that say something."""
        ranks = np.stack([
            (np.searchsorted(known, one, "left") + np.searchsorted(known, one, "right")) / max(len(known), 1) - 1.0
            for known, one in zip(self._sorted, parts, strict=True)
        ])  # fmt: skip
        known = ~np.isnan(parts)
        return np.where(known, ranks, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)


def _correlation(one: Float[np.ndarray, "time"], other: Float[np.ndarray, "time"]) -> float:
    one, other = one - one.mean(), other - other.mean()
    return float(one @ other / max(np.sqrt((one @ one) * (other @ other)), _TINY))


FUSIONS: Mapping[str, type[Fusion]] = {
    "mean": MeanVote,
    "max": Highest,
    "rank": MeanRank,
    "agreement": Agreement,
}
"""Fusions by the name that :class:`~tjepa_estimators.tasks.anomaly.AnomalyConfig` knows them by."""
