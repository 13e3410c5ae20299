"""Pictures of an environment, made small."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tjepa_estimators.errors import ConfigError

if TYPE_CHECKING:
    from jaxtyping import UInt8

__all__ = ["shrink"]


def shrink(picture: UInt8[np.ndarray, "height width 3"], size: int, *, grey: bool) -> UInt8[np.ndarray, "size size c"]:
    """Average blocks of pixels down to ``size`` by ``size``; what does not divide is cut off evenly at the borders.

    Examples
    --------
    >>> shrink(np.full((500, 500, 3), 7, dtype=np.uint8), 32, grey=True).shape
    (32, 32, 1)
    """
    block = min(picture.shape[:2]) // size
    if block < 1:
        msg = f"size={size} is larger than the picture of {picture.shape[0]} by {picture.shape[1]} pixels."
        raise ConfigError(msg)
    top, left = ((length - block * size) // 2 for length in picture.shape[:2])
    cut = picture[top : top + block * size, left : left + block * size].astype(np.float32)
    small = cut.reshape(size, block, size, block, 3).mean(axis=(1, 3))
    kept = small.mean(axis=2, keepdims=True) if grey else small
    return kept.round().astype(np.uint8)
