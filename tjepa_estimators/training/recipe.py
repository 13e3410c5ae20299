"""What an estimator pretrains, as it hands it on: seeded, and without a progress bar unless that is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tjepa_estimators.training.config import TrainConfig

__all__ = ["recipe_of", "seeded"]


def recipe_of(estimator: Any, random_state: int | None = None) -> dict[str, Any]:  # noqa: ANN401 - of any library
    """The parameters of an estimator that say what to pretrain, as tasks and ``encoder_for`` take them.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> recipe_of(SimpleNamespace(encoder="mamba", encoder_config=None, config="tiny", train=None), random_state=1)
    {'encoder': 'mamba', 'encoder_config': None, 'jepa': 'tiny', 'train': {'progress': False, 'seed': 1}}
    """
    return {
        "encoder": estimator.encoder,
        "encoder_config": estimator.encoder_config,
        "jepa": estimator.config,
        "train": seeded(estimator.train, random_state),
    }


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
