"""Training settings as an estimator hands them on: seeded, and without a progress bar unless it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tjepa_estimators.training.config import TrainConfig

__all__ = ["seeded"]


def seeded(train: TrainConfig | Mapping[str, Any] | None, random_state: int | None) -> TrainConfig | dict[str, Any]:
    """``train`` with ``random_state`` as its seed; None keeps the seed that it has, 0 by default.

    Examples
    --------
    >>> seeded({"steps": 5}, random_state=1)
    {'progress': False, 'steps': 5, 'seed': 1}
    """
    if isinstance(train, TrainConfig):
        return train if random_state is None else replace(train, seed=int(random_state))
    seed = {} if random_state is None else {"seed": int(random_state)}
    return {"progress": False, **(train or {}), **seed}
