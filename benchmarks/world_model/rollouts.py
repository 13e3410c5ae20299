"""Errors of rollouts by horizon, as shares of copy-last's in the same space."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float
    from tjepa_world import LatentWorldModel, Trajectories

__all__ = ["HORIZONS", "LinearModel", "relative_errors"]

HORIZONS = (1, 5, 10, 15)


class LinearModel:
    """The next latent is a linear map of the latest ones and the action, unrolled step by step.

    Parameters
    ----------
    model
        Gives the latents.
    trajectories
        What the map is solved on.
    """

    def __init__(self, model: LatentWorldModel, trajectories: Trajectories, strength: float = 1e-4) -> None:
        self._history = model.config.history
        rows, targets = [], []
        for seen, done in zip(trajectories.observations, trajectories.actions, strict=True):
            latents = _with_past(model.encode(seen), self._history)
            rows.append(np.concatenate([latents[:-1], done, np.ones((len(done), 1))], axis=1))
            targets.append(latents[1:, -model.latent_dim_ :])
        x, y = np.concatenate(rows).astype(np.float64), np.concatenate(targets)
        gram = x.T @ x
        self._map = np.linalg.solve(gram + strength * np.trace(gram) / len(gram) * np.eye(len(gram)), x.T @ y)

    def rollout(
        self, past: Float[np.ndarray, "history dim"], actions: Float[np.ndarray, "horizon actions"]
    ) -> Float[np.ndarray, "horizon dim"]:
        """The latents that follow."""
        state, found = past.ravel(), []
        for action in actions:
            found.append(np.concatenate([state, action, [1.0]]) @ self._map)
            state = np.concatenate([state[len(found[-1]) :], found[-1]])
        return np.array(found)


def relative_errors(
    model: LatentWorldModel, linear: LinearModel, trajectories: Trajectories
) -> dict[str, Float[np.ndarray, "horizons"]]:
    """Mean squared error of the predictor and of the linear model, divided by that of copy-last."""
    longest, errors = max(HORIZONS), {"copy": [], "model": [], "linear": []}
    for seen, done in zip(trajectories.observations, trajectories.actions, strict=True):
        latents = model.encode(seen)
        for start in range(model.config.history - 1, len(done) - longest, 5):
            truth = latents[start + 1 : start + longest + 1]
            first, actions = start + 1 - model.config.history, done[start : start + longest]
            past = seen[first : start + 1]
            predicted = {
                "copy": latents[start],
                "model": model.rollout(past, actions),
                "linear": linear.rollout(latents[first : start + 1], actions),
            }
            for name, one in predicted.items():
                errors[name].append(np.square(one - truth).mean(axis=1))
    mean = {name: np.mean(one, axis=0)[np.array(HORIZONS) - 1] for name, one in errors.items()}
    return {name: mean[name] / mean["copy"] for name in ("model", "linear")}


def _with_past(latents: np.ndarray, history: int) -> Float[np.ndarray, "n history*dim"]:
    numbers = np.arange(len(latents))[:, None] + np.arange(1 - history, 1)
    return latents[numbers.clip(min=0)].reshape(len(latents), -1)
