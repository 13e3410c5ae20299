"""What a model is given: states or pictures, and the encoder that reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from tjepa_world.gym.pictures import shrink

from tjepa_estimators import PretrainedEncoder, list_plugins, pretrain
from tjepa_estimators.training.run import untrained

if TYPE_CHECKING:
    import gymnasium

    from benchmarks.world_model.worlds import World

__all__ = ["HISTORY", "INPUTS", "RawEncoder", "begin", "looker", "train_encoder"]

INPUTS = ("states", "frames")
HISTORY = {"states": 1, "frames": 3}
"""A picture does not tell speeds, the latest three do."""
_SIZE, _PATCH = 32, 8
_STEPS = {"states": 200, "frames": 400}


def looker(world: World, env: gymnasium.Env[Any, Any], kind: str) -> Callable[[np.ndarray], np.ndarray]:
    """From a state to what a model is given."""
    if kind == "states":
        return lambda state: np.asarray(state, np.float32)
    return lambda state: _prepare(shrink(world.show(env, state), _SIZE, grey=True))


def train_encoder(items: np.ndarray, kind: str, seed: int) -> PretrainedEncoder:
    """Pretrained on observations alone, without actions."""
    return pretrain(items, config=_recipe(kind), train={"steps": _STEPS[kind], "batch_size": 128, "seed": seed})


def begin(items: np.ndarray, kind: str, seed: int) -> PretrainedEncoder:
    """What pretraining starts from."""
    return untrained(items, config=_recipe(kind), train={"seed": seed})


class RawEncoder(PretrainedEncoder):
    """Not an encoder: the standardised observations themselves, for the same predictor and the same search."""

    def __init__(self, items: np.ndarray) -> None:
        rows = items.reshape(len(items), -1).astype(np.float64)
        self._mean, spread = rows.mean(axis=0), rows.std(axis=0)
        self._deviation = np.where(spread > 1e-6, spread, 1.0)

    def embed(self, values: object, *, pool: str | None = "mean", batch_size: int = 1024) -> np.ndarray:  # noqa: ARG002 - the signature of an encoder
        """Standardise."""
        rows = np.asarray(values)
        return ((rows.reshape(len(rows), -1) - self._mean) / self._deviation).astype(np.float32)


def _has_images() -> bool:
    return any(row.name == "image-tiny" for row in list_plugins())


def _recipe(kind: str) -> Any:  # noqa: ANN401 - a preset's name or settings
    if kind == "states":
        return "vectors-tiny"
    if _has_images():
        return "image-tiny"
    vectors = {"kind": "vectors", "options": {"tokens": "step"}}
    return {
        "tokenizer": vectors,
        "masking": [{"kind": "random", "options": {"ratio": 0.5}}],
        "dim": 32,
        "predictor_dim": 32,
        "variance": 0.1,
        "covariance": 0.01,
    }


def _prepare(picture: np.ndarray) -> np.ndarray:
    """A picture, or its patches as steps of a history where no tokenizer of pictures is installed."""
    if _has_images():
        return picture
    side = len(picture) // _PATCH
    patches = picture[..., 0].reshape(side, _PATCH, side, _PATCH).swapaxes(1, 2)
    return patches.reshape(side * side, _PATCH * _PATCH).astype(np.float32)
