"""What all scikit-learn estimators share: constraints on parameters, seeds, rows that are windows."""

from __future__ import annotations

import os
from collections.abc import Mapping
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval

from tjepa_estimators.errors import DataError
from tjepa_estimators.training.config import TrainConfig

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["CONSTRAINTS", "N_CHANNELS", "observed", "seed_of", "windows_of"]

CONSTRAINTS: Mapping[str, list[Any]] = {
    "encoder": [str],
    "encoder_config": [Mapping, None],
    "pretrained": [str, os.PathLike, HasMethods(["embed"]), None],
    "config": [str, Mapping, HasMethods(["fit_to"]), None],
    "train": [Mapping, TrainConfig, None],
    "random_state": ["random_state"],
}
"""Parameters of every estimator."""

N_CHANNELS = Interval(Integral, 1, None, closed="left")


def seed_of(random_state: int | np.random.RandomState | None) -> int | None:
    """A seed for the core; None stays None, which there means the seed of ``train``, 0 by default."""
    if random_state is None or isinstance(random_state, Integral):
        return None if random_state is None else int(random_state)
    return int(check_random_state(random_state).randint(2**31 - 1))


def windows_of(X: Float[np.ndarray, "rows features"], n_channels: int) -> Float[np.ndarray, "rows time channels"]:
    """Unflatten rows that are windows, channels last."""
    if X.shape[1] % n_channels:
        msg = (
            f"X has {X.shape[1]} columns, which n_channels={n_channels} does not divide; a row must hold a window of "
            "shape (time, n_channels), flattened."
        )
        raise DataError(msg)
    return X.reshape(len(X), -1, n_channels)


def observed(windows: Float[np.ndarray, "rows time channels"]) -> list[Float[np.ndarray, "time channels"]]:
    """The windows to learn from: those that hold any value, or all where none does, for the core to refuse."""
    return [window for window in windows if np.isfinite(window).any()] or [*windows]
