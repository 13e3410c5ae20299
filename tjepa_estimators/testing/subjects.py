"""The small data and the small artifact that checks share."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tjepa_estimators.testing.report import SkipCheck
from tjepa_estimators.training.run import untrained

if TYPE_CHECKING:
    from jaxtyping import Float

    from tjepa_estimators.artifact import PretrainedEncoder

__all__ = ["TINY_JEPA", "TINY_TRAIN", "optional", "tiny_artifact", "wave"]

TINY_JEPA: Final[dict[str, Any]] = {"context_length": 24, "future_length": 8, "patch_length": 4}
"""Windows of eight tokens, at the default width."""

TINY_TRAIN: Final[dict[str, Any]] = {"steps": 1, "batch_size": 8, "progress": False}
"""One step, unseen."""


def wave(steps: int = 160) -> Float[np.ndarray, "time"]:
    """A noisy wave."""
    return np.sin(np.arange(steps) / 3.0) + 0.1 * np.random.default_rng(0).standard_normal(steps)


@cache
def tiny_artifact() -> PretrainedEncoder:
    """A small encoder with random weights; immutable, so it may be shared."""
    return untrained(wave(), config=TINY_JEPA, train={"seed": 7})


def optional(module: str) -> Any:  # noqa: ANN401 - a module
    """Import a library that need not be installed; without it the check is skipped."""
    try:
        return import_module(module)
    except ImportError as error:
        raise SkipCheck(f"{module.partition('.')[0]} is not installed: {error}") from error
