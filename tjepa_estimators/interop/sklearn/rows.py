"""Rows of ``X`` for an encoder: windows of series, or samples that its tokenizer reads."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.validation import validate_data

from tjepa_estimators.data.masked import unmasked
from tjepa_estimators.errors import ConfigError, DataError
from tjepa_estimators.interop.sklearn.settings import windows_of

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["check_count", "check_shape", "holds_numbers", "shaped", "validated"]


def holds_numbers(X: Any) -> bool:
    """Whether X is an array or a table, which scikit-learn can check; what else a tokenizer reads, it cannot.

    Examples
    --------
    >>> import numpy as np
    >>> holds_numbers(np.zeros((2, 3))), holds_numbers(["to be", "not to be"]), holds_numbers(np.array(["to be"]))
    (True, False, False)
    """
    if issparse(X) or getattr(X, "ndim", 0) >= 2:
        return True
    return getattr(getattr(X, "dtype", None), "kind", "") in set("biuf")


def check_shape(shape: Sequence[int] | None, *, has_tokenizer: bool) -> None:
    """Refuse a shape of rows where rows are windows of series, or one that is impossible.

    Raises
    ------
    ConfigError
        It is refused.
    """
    if shape is None:
        return
    if not has_tokenizer:
        msg = f"shape={shape} unflattens samples for a tokenizer; windows of series take n_channels in its place."
        raise ConfigError(msg)
    if not all(size >= 1 or size == -1 for size in shape) or list(shape).count(-1) > 1:
        raise ConfigError(f"shape={shape} must hold positive sizes, at most one of them -1: what is left.")


def check_count(count: int, rows: Any) -> None:
    """Refuse samples of which there are more or fewer than rows: whose they are, nobody could tell.

    Raises
    ------
    DataError
        They are refused.
    """
    if isinstance(rows, list | np.ndarray) and len(rows) != count:
        raise DataError(f"{len(rows)} rows became {count} samples; each row must be one item that the tokenizer reads.")


def validated(estimator: Any, *arrays: Any, has_tokenizer: bool, reset: bool = True) -> Any:
    """X, or X and y, as scikit-learn checks them; as they are where only the tokenizer can read X.

    scikit-learn would drop the mask of a masked array.
    """
    if has_tokenizer and not holds_numbers(arrays[0]):
        return arrays if len(arrays) > 1 else arrays[0]
    return validate_data(
        estimator,
        unmasked(arrays[0]),
        *arrays[1:],
        reset=reset,
        dtype="numeric" if has_tokenizer else np.float64,
        ensure_all_finite="allow-nan",
        allow_nd=True,
    )


def shaped(X: Any, n_channels: int, shape: Sequence[int] | None, *, has_tokenizer: bool) -> Any:
    """Windows ``[rows time channels]``; for a tokenizer a list, so that each row is one item whatever its axes are.

    Parameters
    ----------
    X
        Rows of numbers; or what else a tokenizer reads, which stays as it is where it is no array, column or list.
    n_channels
        Channels of a window.
    shape
        Shape of an item where rows are flat.
    has_tokenizer
        Whether rows are items.

    Raises
    ------
    DataError
        The columns do not fill the shape, or are not flat where windows are expected.
    """
    if not has_tokenizer:
        if X.ndim != 2:
            msg = f"X has shape {X.shape}, but its rows must be windows, flattened: X.reshape(len(X), -1)."
            raise DataError(msg)
        return windows_of(X, n_channels)
    rows = X if shape is None else _unflattened(np.asanyarray(X), shape)
    return list(rows) if getattr(rows, "ndim", 0) else rows


def _unflattened(X: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    if X.ndim != 2:
        return X
    known = math.prod(size for size in shape if size != -1)
    if X.shape[1] % known or (-1 not in shape and X.shape[1] != known):
        raise DataError(f"X has {X.shape[1]} columns, which do not fill samples of shape={tuple(shape)}.")
    return X.reshape(len(X), *shape)
