"""A point in a maze: state, walls and picture in numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np

from tjepa_estimators.errors import ConfigError

if TYPE_CHECKING:
    from jaxtyping import Float, UInt8

__all__ = ["WALLS", "PointMaze", "move"]

WALLS: tuple[tuple[float, float, float, float], ...] = ((0.47, -1.0, 0.53, 0.65),)
"""Boxes (left, bottom, right, top) that the point cannot enter: one wall with a way round its upper end. It begins
below the floor, for edges of a box are free: a planner found the way along the floor."""
_STRIDE = 0.1
"""Way of one step at full speed."""
_PARTS = 10
"""Pieces that a step is moved in: each shorter than any wall is thick."""


def move(
    points: Float[np.ndarray, "batch 2"],
    pushes: Float[np.ndarray, "batch 2"],
    walls: tuple[tuple[float, float, float, float], ...] = WALLS,
) -> Float[np.ndarray, "batch 2"]:
    """Move points in the unit square; along a wall they slide.

    Examples
    --------
    >>> move(np.array([[0.45, 0.3]]), np.array([[1.0, 0.5]])).round(2).tolist()
    [[0.46, 0.35]]
    """
    points = np.array(points, dtype=np.float64)
    steps = np.clip(pushes, -1.0, 1.0) * (_STRIDE / _PARTS)
    for _ in range(_PARTS):
        for axis in (0, 1):
            tried = points.copy()
            tried[:, axis] = np.clip(tried[:, axis] + steps[:, axis], 0.0, 1.0)
            points = np.where(_inside(tried, walls)[:, None], points, tried)
    return points


def _inside(points: Float[np.ndarray, "batch 2"], walls: tuple[tuple[float, float, float, float], ...]) -> np.ndarray:
    x, y = points.T
    found = np.zeros(len(points), dtype=bool)
    for left, bottom, right, top in walls:
        found |= (x > left) & (x < right) & (y > bottom) & (y < top)
    return found


class PointMaze(gymnasium.Env[np.ndarray, np.ndarray]):
    """Push a point to the other side of a wall.

    An action is a velocity in [-1, 1]², an observation the place. An episode begins on the left of the wall, the goal
    is on its right; the reward is minus the distance to it. ``reset(options={"start": ..., "goal": ...})`` sets both.

    Parameters
    ----------
    walls
        Boxes (left, bottom, right, top) in the unit square.
    render_mode
        ``"rgb_array"`` or None.
    size
        Pixels of a picture's side.
    near
        Distance to the goal that counts as success and ends an episode.
    """

    metadata = {  # noqa: RUF012 - Gymnasium declares it so
        "render_modes": ["rgb_array"],
        "render_fps": 10,
    }

    def __init__(
        self,
        walls: tuple[tuple[float, float, float, float], ...] = WALLS,
        render_mode: str | None = None,
        size: int = 32,
        near: float = 0.08,
    ) -> None:
        if render_mode not in {None, "rgb_array"}:
            msg = f"render_mode must be 'rgb_array' or None, but got {render_mode!r}."
            raise ConfigError(msg)
        self.walls, self.render_mode, self.size, self.near = walls, render_mode, size, near
        self.action_space = gymnasium.spaces.Box(-1.0, 1.0, (2,), np.float32)
        self.observation_space = gymnasium.spaces.Box(0.0, 1.0, (2,), np.float32)
        self.place = self.goal = np.zeros(2)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Float[np.ndarray, "2"], dict[str, Any]]:
        """Begin anew."""
        super().reset(seed=seed)
        given = options or {}
        self.place = np.array(given.get("start", self._draw(0.05, 0.4)), dtype=np.float64)
        self.goal = np.array(given.get("goal", self._draw(0.6, 0.95)), dtype=np.float64)
        return self._observe(), {"goal": self.goal.astype(np.float32)}

    def step(self, action: np.ndarray) -> tuple[Float[np.ndarray, "2"], float, bool, bool, dict[str, Any]]:
        """Move."""
        self.place = move(self.place[None], np.asarray(action)[None], self.walls)[0]
        distance = float(np.linalg.norm(self.place - self.goal))
        is_there = distance <= self.near
        return self._observe(), -distance, is_there, False, {"success": is_there}

    def render(self) -> UInt8[np.ndarray, "size size 3"]:
        """A picture of walls and point; the goal is not drawn, as it is told by a picture of its own."""
        rows, columns = np.mgrid[: self.size, : self.size]
        x, y = (columns + 0.5) / self.size, 1.0 - (rows + 0.5) / self.size
        picture = np.full((self.size, self.size), 255.0)
        for left, bottom, right, top in self.walls:
            picture[(x > left) & (x < right) & (y > bottom) & (y < top)] = 128.0
        # a soft edge: the picture changes with each move, however small
        near = np.exp(-((x - self.place[0]) ** 2 + (y - self.place[1]) ** 2) / (2 * 0.05**2))
        picture *= 1.0 - near
        return np.repeat(picture.round().astype(np.uint8)[..., None], 3, axis=2)

    def _observe(self) -> Float[np.ndarray, "2"]:
        return self.place.astype(np.float32)

    def _draw(self, left: float, right: float) -> Float[np.ndarray, "2"]:
        return np.array([self.np_random.uniform(left, right), self.np_random.uniform(0.05, 0.5)])
