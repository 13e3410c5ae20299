"""ProbeDecoder: what latents stand for, as observations; for showing only, never for planning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from tjepa_estimators.errors import ConfigError, DataError, NotFittedError

if TYPE_CHECKING:
    from jaxtyping import Float

    from tjepa_world.model import LatentWorldModel

__all__ = ["ProbeDecoder"]

_FEW = 64
"""Numbers in a latent, up to which their products are no more than a few thousand."""


class ProbeDecoder:
    """A ridge regression from latents, and their squares and products if there are few, to observations.

    It shows what a rollout means. Nothing is planned with it, and the world model knows nothing of it.

    Parameters
    ----------
    model
        A fitted world model.
    strength
        Of the ridge, as a share of the mean variance of its inputs.
    degree
        1, or 2 for squares and products too; None: 2 for latents of up to 64 numbers.
    """

    def __init__(self, model: LatentWorldModel, strength: float = 1e-4, degree: int | None = None) -> None:
        if degree not in {1, 2, None} or strength < 0.0:
            msg = f"degree must be 1, 2 or None and strength not negative, but got {degree} and {strength}."
            raise ConfigError(msg)
        self.model, self.strength, self.degree = model, strength, degree
        self._map: np.ndarray | None = None
        self._shape: tuple[int, ...] = ()

    def fit(self, observations: np.ndarray) -> Self:
        """Learn from observations ``[n, ...]`` without missing values."""
        given = np.asarray(observations, dtype=np.float64)
        if not np.isfinite(given).all():
            raise DataError("The observations to decode hold NaN or infinite values; leave those out.")
        inputs = self._inputs(self.model.encode(np.asarray(observations)))
        gram = inputs.T @ inputs
        gram += self.strength * np.trace(gram) / len(gram) * np.eye(len(gram))
        self._map = np.linalg.solve(gram, inputs.T @ given.reshape(len(given), -1))
        self._shape = given.shape[1:]
        return self

    def decode(self, latents: Float[np.ndarray, "*batch dim"]) -> np.ndarray:
        """Observations ``[*batch, ...]`` that latents stand for."""
        if self._map is None:
            raise NotFittedError("This decoder is not fitted; call fit(observations) first.")
        given = np.asarray(latents, dtype=np.float64)
        rows = self._inputs(given.reshape(-1, given.shape[-1])) @ self._map
        return rows.reshape(*given.shape[:-1], *self._shape)

    def _inputs(self, latents: Float[np.ndarray, "n dim"]) -> Float[np.ndarray, "n inputs"]:
        parts = [np.ones((len(latents), 1)), latents]
        if (self.degree or (2 if latents.shape[1] <= _FEW else 1)) == 2:
            first, second = np.triu_indices(latents.shape[1])
            parts.append(latents[:, first] * latents[:, second])
        return np.concatenate(parts, axis=1, dtype=np.float64)
