"""Rows of ``X`` for an encoder: windows of series, or samples that its tokenizer reads."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from scipy.sparse import issparse

from tjepa_estimators.errors import ConfigError, DataError
from tjepa_estimators.interop.sklearn.settings import windows_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

__all__ = ["check_shape", "holds_numbers", "shaped"]


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


def shaped(X: np.ndarray, n_channels: int, shape: Sequence[int] | None, *, has_tokenizer: bool) -> Any:
    """Windows ``[rows time channels]``, or samples of the given shape; X itself where its rows are samples already.

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
    if shape is None or X.ndim > 2:
        return X
    known = math.prod(size for size in shape if size != -1)
    if X.shape[1] % known or (-1 not in shape and X.shape[1] != known):
        raise DataError(f"X has {X.shape[1]} columns, which do not fill samples of shape={tuple(shape)}.")
    return X.reshape(len(X), *shape)
