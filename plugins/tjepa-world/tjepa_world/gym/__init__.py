"""Gymnasium environments as a source of trajectories and a test bed; needs ``pip install tjepa-world[gymnasium]``."""

from __future__ import annotations

from tjepa_world.gym.collect import collect, random_policy, run_episode
from tjepa_world.gym.maze import PointMaze, move

__all__ = ["PointMaze", "collect", "move", "random_policy", "run_episode"]
