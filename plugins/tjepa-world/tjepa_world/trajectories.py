"""Trajectories: what was observed, what was done, and what it brought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np

from tjepa_estimators.errors import DataError

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["Trajectories"]


@dataclass(frozen=True, eq=False)
class Trajectories:
    """Several records of a system under control; observation ``t`` is what action ``t`` was chosen on.

    Parameters
    ----------
    observations
        For each trajectory an array ``[steps + 1, ...]``, of one shape after the first axis.
    actions
        For each trajectory an array ``[steps, actions]`` of finite numbers.
    rewards
        For each trajectory an array ``[steps]``, to learn a cost from; may be left out.

    Raises
    ------
    DataError
        The arrays do not fit each other, or hold what they must not.

    Examples
    --------
    >>> one = Trajectories([np.zeros((6, 3))], [np.zeros((5, 1))])
    >>> one.num_steps, one.observation_shape, one.num_actions
    (5, (3,), 1)
    """

    observations: Sequence[np.ndarray]
    actions: Sequence[Float[np.ndarray, "steps actions"]]
    rewards: Sequence[Float[np.ndarray, " steps"]] = field(default=())

    def __post_init__(self) -> None:
        for name in ("observations", "actions", "rewards"):
            given = getattr(self, name)
            object.__setattr__(self, name, [np.asarray(one) for one in (() if given is None else given)])
        _require(
            len(self.observations) == len(self.actions) > 0,
            f"{len(self.observations)} arrays of observations and {len(self.actions)} of actions were given; "
            "give one of each for every trajectory, and at least one",
        )
        for number, (seen, done) in enumerate(zip(self.observations, self.actions, strict=True)):
            _check(number, seen, done)
        for name, shapes in (("observations", self._shapes()), ("actions", {one.shape[1:] for one in self.actions})):
            _require(len(shapes) == 1, f"{name} have the shapes {sorted(shapes)}; give all trajectories the same one")
        if self.rewards:
            steps = [len(one) for one in self.actions]
            found = [one.shape for one in self.rewards]
            _require(found == [(one,) for one in steps], f"rewards have the shapes {found}, but the steps are {steps}")

    def _shapes(self) -> set[tuple[int, ...]]:
        return {one.shape[1:] for one in self.observations}

    def __len__(self) -> int:
        return len(self.actions)

    @property
    def num_steps(self) -> int:
        """Steps of all trajectories together."""
        return sum(map(len, self.actions))

    @property
    def num_actions(self) -> int:
        """Numbers in an action."""
        return int(self.actions[0].shape[1])

    @property
    def observation_shape(self) -> tuple[int, ...]:
        """Shape of one observation."""
        return tuple(self.observations[0].shape[1:])

    @property
    def items(self) -> np.ndarray:
        """All observations in one array, to pretrain an encoder on."""
        return np.concatenate(list(self.observations))

    @property
    def firsts(self) -> list[int]:
        """The number of the first observation of each trajectory in ``items``."""
        return [0, *accumulate(len(one) for one in self.observations)][:-1]

    @classmethod
    def concat(cls, parts: Sequence[Trajectories]) -> Trajectories:
        """The trajectories of several records, one after the other.

        Raises
        ------
        DataError
            There are no parts, their shapes differ, or only some have rewards.

        Examples
        --------
        >>> one = Trajectories([np.zeros((6, 3))], [np.zeros((5, 1))])
        >>> len(Trajectories.concat([one, one]))
        2
        """
        with_rewards = sum(bool(part.rewards) for part in parts)
        _require(
            with_rewards in {0, len(parts)},
            f"{with_rewards} of {len(parts)} parts have rewards; give them to all parts or to none",
        )
        names = ("observations", "actions", "rewards")
        return cls(*([one for part in parts for one in getattr(part, name)] for name in names))

    def take(self, start: int, stop: int) -> Trajectories:
        """Some of the trajectories."""
        return Trajectories(self.observations[start:stop], self.actions[start:stop], self.rewards[start:stop])


def _check(number: int, seen: np.ndarray, done: np.ndarray) -> None:
    where = f"trajectory {number}"
    _require(
        done.ndim == 2 and 0 not in done.shape and done.dtype.kind in "fiub",
        f"{where}: actions have the shape {done.shape} of {done.dtype}; give numbers [steps actions], one step or more",
    )
    _require(bool(np.isfinite(done).all()), f"{where}: actions hold NaN or infinite values; an action is always known")
    _require(
        seen.ndim >= 2 and len(seen) == len(done) + 1,
        f"{where}: observations have the shape {seen.shape} for {len(done)} actions; give one observation more than "
        "actions, [steps + 1, ...]",
    )


def _require(fact: bool, message: str) -> None:
    if not fact:
        raise DataError(f"{message}.")
