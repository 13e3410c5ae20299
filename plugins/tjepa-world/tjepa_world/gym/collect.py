"""Trajectories from Gymnasium environments, as states or as pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import gymnasium
import numpy as np

from tjepa_estimators.errors import ConfigError
from tjepa_world.gym.pictures import shrink
from tjepa_world.trajectories import Trajectories

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["Policy", "collect", "random_policy", "run_episode"]

Policy: TypeAlias = "Callable[[np.ndarray], Float[np.ndarray, ' actions']]"
"""The action for an observation. Where it has a ``reset``, such as a Controller, that is called before each episode."""


def random_policy(space: gymnasium.Space[Any], seed: int = 0, hold: int = 4) -> Policy:
    """Actions drawn evenly from a box, each held for one to ``hold`` steps: pushes that last lead further.

    Raises
    ------
    ConfigError
        Actions are no bounded box of numbers, or ``hold`` is below 1.
    """
    _require(hold >= 1, f"hold must be at least 1, but got {hold}")
    box, random = _box(space), np.random.default_rng(seed)
    left, action = 0, np.zeros(box.shape)

    def act(_: np.ndarray) -> np.ndarray:
        nonlocal left, action
        if left == 0:
            left, action = int(random.integers(1, hold + 1)), random.uniform(box.low, box.high)
        left -= 1
        return action.astype(np.float32)

    return act


def collect(
    env: gymnasium.Env[Any, Any],
    policy: Policy | None = None,
    *,
    steps: int = 2000,
    episode: int = 50,
    seed: int = 0,
    frames: bool = False,
    size: int = 32,
    grey: bool = True,
) -> Trajectories:
    """Run an environment and keep what was seen, done and gained.

    Parameters
    ----------
    env
        An environment whose actions are a bounded box; with ``frames`` made with ``render_mode="rgb_array"``.
    policy
        Action for an observation, a picture where ``frames`` are kept; :func:`random_policy` if None.
    steps
        Steps of all trajectories together.
    episode
        Steps after which a trajectory ends and the environment is reset, if it does not end by itself.
    seed
        Of the environment and of the random policy.
    frames
        Keep pictures in place of states.
    size
        Pixels of a picture's side.
    grey
        One channel in place of three.

    Returns
    -------
    Trajectories; pictures are ``[steps + 1, size, size, channels]`` of bytes.

    Raises
    ------
    ConfigError
        Actions are no bounded box, states are not one array of numbers, or the environment renders no pictures.

    Examples
    --------
    >>> from tjepa_world.gym import PointMaze
    >>> collect(PointMaze(), steps=30, episode=15).observations[0].shape
    (16, 2)
    """
    box = _box(env.action_space)
    act = random_policy(box, seed) if policy is None else policy
    look = _looker(env, size, frames=frames, grey=grey)
    _require(steps >= 1 and episode >= 1, f"steps and episode must be at least 1, but got {steps} and {episode}")
    parts: list[Trajectories] = []
    left = steps
    while left > 0:
        parts.append(_record(env, act, min(episode, left), None if parts else seed, None, look))
        left -= parts[-1].num_steps
    return Trajectories.concat(parts)


def run_episode(
    env: gymnasium.Env[Any, Any],
    policy: Policy,
    steps: int,
    seed: int,
    options: dict[str, Any] | None = None,
    *,
    frames: bool = False,
    size: int = 32,
    grey: bool = True,
) -> Trajectories:
    """One episode under a policy; parameters are those of :func:`collect`, ``options`` those of ``env.reset``."""
    _require(steps >= 1, f"steps must be at least 1, but got {steps}")
    return _record(env, policy, steps, seed, options, _looker(env, size, frames=frames, grey=grey))


def _looker(env: gymnasium.Env[Any, Any], size: int, *, frames: bool, grey: bool) -> Callable[[np.ndarray], np.ndarray]:
    """What is kept of a state, always a copy: environments may write the next state into the same array."""
    if frames:
        given = env.render_mode
        _require(given == "rgb_array", f"frames need an environment of render_mode='rgb_array', but it has {given!r}")
        return lambda _: shrink(np.asarray(env.render()), size, grey=grey)
    space = env.observation_space
    _require(
        bool(getattr(space, "shape", None)),
        f"observations must be an array of numbers, but they are {space}; use gymnasium.wrappers.FlattenObservation",
    )
    return lambda state: np.array(state, dtype=np.float32)


def _record(
    env: gymnasium.Env[Any, Any],
    act: Policy,
    steps: int,
    seed: int | None,
    options: dict[str, Any] | None,
    look: Callable[[np.ndarray], np.ndarray],
) -> Trajectories:
    state, _ = env.reset(seed=seed, options=options)
    getattr(act, "reset", lambda: None)()
    seen, done, gained = [look(state)], [], []
    for _ in range(steps):
        done.append(np.array(act(seen[-1].copy()), dtype=np.float32))
        state, reward, terminated, truncated, _ = env.step(done[-1].copy())
        seen.append(look(state))
        gained.append(float(reward))
        if terminated or truncated:
            break
    return Trajectories([np.stack(seen)], [np.stack(done)], [np.array(gained, dtype=np.float32)])


def _box(space: gymnasium.Space[Any]) -> gymnasium.spaces.Box:
    if not isinstance(space, gymnasium.spaces.Box) or len(space.shape) != 1 or not space.is_bounded():
        msg = f"actions must be a bounded box of one axis, but they are {space}; wrap the environment so that they are."
        raise ConfigError(msg)
    return space


def _require(fact: bool, message: str) -> None:
    if not fact:
        raise ConfigError(f"{message}.")
