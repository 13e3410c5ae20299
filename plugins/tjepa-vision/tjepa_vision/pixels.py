"""Arrays as users have them; how large patches of them are, and how their channels vary."""

from __future__ import annotations

from typing import Any

import numpy as np

from tjepa_estimators.data.masked import unmasked
from tjepa_estimators.errors import ConfigError
from tjepa_vision.grids import is_grid, read_grid
from tjepa_vision.scales import unit

__all__ = ["as_array", "channel_stats", "check_format", "fitting_patch"]

_TOKENS = 6
"""Fewest patches along the shorter side, where no patch is given."""
_LARGEST_PATCH = 16
_FLAT = 1e-6
"""A channel that varies less is not scaled."""


def as_array(items: Any) -> np.ndarray:  # noqa: ANN401 - whatever a user has
    """An array from an array, a list of numbers, or an xarray object, see :func:`~tjepa_vision.grids.read_grid`.

    What is masked becomes NaN.

    Raises
    ------
    DataError
        The variables of a Dataset cannot be channels of the same frames.
    """
    return read_grid(items) if is_grid(items) else np.asarray(unmasked(items))


def channel_stats(values: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and deviation of each channel, the last axis.

    Examples
    --------
    >>> channel_stats(np.array([[0.0, 1.0], [2.0, 1.0]]))
    ((1.0, 1.0), (1.0, 1.0))
    """
    flat = unit(values).reshape(-1, values.shape[-1]).astype(np.float64)
    mean, std = flat.mean(axis=0), flat.std(axis=0)
    return tuple(mean.tolist()), tuple(np.where(std > _FLAT, std, 1.0).tolist())


def fitting_patch(height: int, width: int) -> int:
    """A power of two, 16 at most, that cuts the shorter side in six or more; 2 where that is too much.

    Examples
    --------
    >>> [fitting_patch(side, side) for side in (8, 28, 64, 224)]
    [2, 4, 8, 16]
    """
    shorter, patch = min(height, width), _LARGEST_PATCH
    while patch > 1 and shorter // patch < _TOKENS:
        patch //= 2
    return max(patch, 2) if shorter >= 4 else 1


def check_format(
    patch: int | None, size: tuple[int, int] | None, channels: int | None, odd_size: str, resize: bool
) -> None:
    """Refuse settings that are impossible.

    Raises
    ------
    ConfigError
        The message tells the first rule that is broken.
    """
    if odd_size not in {"pad", "refuse"}:
        raise ConfigError(f"odd_size must be 'pad' or 'refuse', but got {odd_size!r}.")
    numbers = [one for one in (patch, channels, *(size or ())) if one is not None]
    if any(one < 1 for one in numbers):
        raise ConfigError(f"patch={patch}, size={size}, channels={channels}: all of them must be at least 1.")
    if patch is not None and size is not None:
        if patch > min(size):
            raise ConfigError(f"patch={patch} is larger than a side of size={size}; take a smaller one.")
        if odd_size == "refuse" and (size[0] % patch or size[1] % patch):
            msg = f"size={size} is no multiple of patch={patch}; crop, resize, or set odd_size='pad'."
            raise ConfigError(msg)
    if resize and size is None:
        raise ConfigError("resize=True needs size=(height, width), the size to bring everything to.")
