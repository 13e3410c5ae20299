"""Vectors, or short histories of them, from what a user has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tjepa_estimators.data.masked import unmasked
from tjepa_estimators.errors import DataError

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["read_vectors"]


def read_vectors(items: object) -> Float[np.ndarray, "samples steps features"]:
    """An array of vectors ``[samples features]`` or of histories ``[samples steps features]``, always with steps.

    Raises
    ------
    DataError
        It is no such array, is empty, or holds infinite values; NaN marks missing ones.
    """
    values = np.asarray(unmasked(items))
    if values.dtype.kind not in "fiub" or values.ndim not in {2, 3} or 0 in values.shape:
        msg = (
            f"vectors are numbers [samples features] or [samples steps features], but got shape {values.shape} of "
            f"{values.dtype}; for one vector pass vector[None]."
        )
        raise DataError(msg)
    values = values.astype(np.float32)  # a copy, which nobody else changes
    if np.isinf(values).any():
        raise DataError("vectors hold infinite values; replace them by NaN, which marks a missing value.")
    return values[:, None] if values.ndim == 2 else values
