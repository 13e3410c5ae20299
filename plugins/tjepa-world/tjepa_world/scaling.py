"""Mean and spread of columns of numbers, whatever their units."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float

__all__ = ["moments"]

_CONSTANT = 1e-7
"""Spread, as a share of the largest number of a column, up to which the column counts as constant: float32's digits."""


def moments(
    rows: Float[np.ndarray, "n columns"], constant: float
) -> tuple[Float[np.ndarray, " columns"], Float[np.ndarray, " columns"]]:
    """Mean and standard deviation of each column over the values that are not NaN, in double precision.

    Parameters
    ----------
    rows
        At least one value in each column.
    constant
        What stands for the deviation of a column that does not vary.

    Examples
    --------
    >>> mean, deviation = moments(np.array([[1e-9, 0.1], [3e-9, 0.1]], dtype=np.float32), constant=1.0)
    >>> bool(deviation[0] < 1.1e-9), float(deviation[1])
    (True, 1.0)
    """
    exact = rows.astype(np.float64)
    mean, deviation = np.nanmean(exact, axis=0), np.nanstd(exact, axis=0)
    return mean, np.where(deviation <= _CONSTANT * np.nanmax(np.abs(exact), axis=0), constant, deviation)
