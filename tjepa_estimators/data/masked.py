"""Masked arrays: what they hide is missing."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["unmasked"]


def unmasked(values: Any) -> Any:  # noqa: ANN401 - whatever a user has
    """A masked array of numbers with NaN where it hides some; all else as it is, also its type.

    ``np.asarray`` drops a mask and shows what it hid.

    Examples
    --------
    >>> unmasked(np.ma.masked_greater([1.0, 1e20], 9.0)).tolist()
    [1.0, nan]
    """
    if not np.ma.is_masked(values) or values.dtype.kind not in "biuf":
        return values
    return np.where(np.ma.getmaskarray(values), np.float32(np.nan), values.data)
