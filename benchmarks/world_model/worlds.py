"""The two test beds: how to make them, what to reach, and their true dynamics for a whole batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
import torch
from tjepa_world.gym import PointMaze, move

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["WORLDS", "World"]

Simulator = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
"""From a state, the goal's state and actions [candidates horizon actions] to costs [candidates]: the true ones."""


@dataclass(frozen=True)
class World:
    """A test bed."""

    make: Callable[[], gymnasium.Env[Any, Any]]
    bounds: tuple[float, float]
    steps: int
    """Steps of an episode in evaluation."""
    focus: str
    """Where along a plan the distance to the goal counts; chosen on seeds that are not reported."""
    goal: Callable[[np.random.Generator], np.ndarray]
    """A goal's state."""
    reset: Callable[[np.random.Generator, np.ndarray], dict[str, Any] | None]
    """Options of an episode's reset."""
    score: Callable[[np.ndarray], float]
    """Of an episode, from its rewards; higher is better."""
    simulate: Simulator
    show: Callable[[gymnasium.Env[Any, Any], np.ndarray], np.ndarray]
    """A picture of a state, from an environment that renders."""
    apart: Callable[[np.ndarray, np.ndarray], np.ndarray]
    """How far states [n, numbers] look from a goal's state, speeds apart: a picture shows none."""


def _pendulum_costs(state: np.ndarray, goal: np.ndarray, actions: np.ndarray) -> Float[np.ndarray, "candidates"]:  # noqa: ARG001 - upright is the only goal
    angle = np.full(len(actions), np.arctan2(state[1], state[0]))
    speed, cost = np.full(len(actions), float(state[2])), np.zeros(len(actions))
    for torque in actions[:, :, 0].T:
        cost += 0.001 * torque**2
        speed = np.clip(speed + (15.0 * np.sin(angle) + 3.0 * torque) * 0.05, -8.0, 8.0)
        angle = angle + speed * 0.05
        cost += ((angle + np.pi) % (2 * np.pi) - np.pi) ** 2 + 0.1 * speed**2
    return cost


def _maze_costs(state: np.ndarray, goal: np.ndarray, actions: np.ndarray) -> Float[np.ndarray, "candidates"]:
    points, squares = np.repeat(state[None].astype(float), len(actions), axis=0), []
    for step in range(actions.shape[1]):
        points = move(points, actions[:, step])
        squares.append(((points - goal) ** 2).sum(axis=1))
    return squares[-1] + 0.1 * np.mean(squares, axis=0)


def _show_pendulum(env: gymnasium.Env[Any, Any], state: np.ndarray) -> np.ndarray:
    inner = env.unwrapped
    inner.state, inner.last_u = np.array([np.arctan2(state[1], state[0]), state[2]]), None  # type: ignore[attr-defined]
    return np.asarray(env.render())


def _show_maze(env: gymnasium.Env[Any, Any], state: np.ndarray) -> np.ndarray:
    env.unwrapped.place = state  # type: ignore[attr-defined]
    return np.asarray(env.render())


WORLDS: Mapping[str, World] = {
    "pendulum": World(
        make=lambda: gymnasium.make("Pendulum-v1", render_mode="rgb_array").unwrapped,
        bounds=(-2.0, 2.0),
        steps=150,
        focus="final",
        goal=lambda _: np.array([1.0, 0.0, 0.0], np.float32),
        reset=lambda *_: None,
        score=lambda rewards: float(rewards.sum(dtype=float)),
        simulate=_pendulum_costs,
        show=_show_pendulum,
        apart=lambda states, _: np.abs(np.arctan2(states[:, 1], states[:, 0])),
    ),
    "maze": World(
        make=lambda: PointMaze(render_mode="rgb_array"),
        bounds=(-1.0, 1.0),
        steps=40,
        focus="final",
        goal=lambda random: random.uniform((0.6, 0.05), (0.95, 0.5)).astype(np.float32),
        reset=lambda random, goal: {"start": random.uniform((0.05, 0.05), (0.4, 0.5)), "goal": goal},
        score=lambda rewards: float(-rewards[-1] <= PointMaze().near),  # the distance at the end
        simulate=_maze_costs,
        show=_show_maze,
        apart=lambda states, goal: np.linalg.norm(states - goal, axis=1),
    ),
}


def as_objective(world: World, state: np.ndarray, goal: np.ndarray) -> Callable[[torch.Tensor], torch.Tensor]:
    """The true costs, for the search."""
    return lambda actions: torch.from_numpy(world.simulate(state, goal, actions.numpy())).float()
