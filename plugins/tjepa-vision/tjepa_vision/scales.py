"""What numbers mean: bytes and shares of 1, or values as they are. What was trained on settles it, not their dtype."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tjepa_estimators.errors import ConfigError, DataError

__all__ = ["RAW", "UNIT", "alike", "as_pixels", "check_scale", "scale_of", "unit"]

UNIT, RAW = "unit", "raw"

_OVERSHOOT = 0.5
"""Beyond 0 and 1, as filters that resize make of shares; it also tells them from bytes that became floats."""


def scale_of(arrays: Sequence[np.ndarray]) -> str:
    """``"unit"`` where all of them hold bytes or shares of 1, else ``"raw"``; all values are looked at.

    Numbers that are all 0 or 1 are raw: as floats, booleans and integers they then mean the same.

    Examples
    --------
    >>> scale_of([np.array([0, 128])]), scale_of([np.array([0.0, 0.5])]), scale_of([np.array([0.0, 0.5, 280.0])])
    ('unit', 'unit', 'raw')
    """
    unsettled = [one for one in arrays if one.dtype not in {np.dtype("uint8"), np.dtype("uint16")}]
    arrays = [one for one in arrays if one.dtype.kind in "buif" and one.size]  # others are refused where they are read
    if _within(arrays, 0, 1) and all(((one == 0) | (one == 1)).all() for one in arrays):
        return RAW
    whole = [one for one in unsettled if one.dtype.kind in "iu"]
    shares = [one for one in unsettled if one.dtype.kind == "f"]
    return UNIT if _within(whole, 0, 255) and _within(shares, 0, 1) else RAW


def as_pixels(values: np.ndarray, scale: str | None, name: str) -> np.ndarray:
    """Bytes as uint8, all else as float32.

    Parameters
    ----------
    values
        Numbers of any kind.
    scale
        ``"unit"``: whole numbers are bytes, those of 16 bits become shares of 1, floats are such shares. ``"raw"``: all
        are floats as they are. None is not settled: uint8, uint16 and booleans as ``"unit"``, others as ``"raw"``.
    name
        What they are, for errors.

    Raises
    ------
    DataError
        They are no numbers, some are missing or infinite, or they are neither bytes nor shares of 1 and should be.
    """
    if values.dtype.kind not in "buif":
        raise DataError(f"{name} holds {values.dtype}, not numbers; give uint8 or floats.")
    if 0 in values.shape:
        raise DataError(f"{name} is empty: its shape is {values.shape}.")
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise DataError(f"{name} holds missing or infinite values; fill them in, such as by the mean of the frame.")
    if scale == RAW:
        return values.astype(np.float32, copy=False)
    if values.dtype == np.uint8:
        return values
    if values.dtype == np.bool_:
        return values.astype(np.uint8) * np.uint8(255)
    if values.dtype == np.uint16:
        return values.astype(np.float32) / np.float32(65535)
    return values.astype(np.float32, copy=False) if scale is None else _as_unit(values, name)


def alike(pixels: Sequence[np.ndarray]) -> list[np.ndarray]:
    """All of them as they are where all are uint8 or all floats, else all as floats."""
    return list(pixels) if len({one.dtype for one in pixels}) == 1 else [unit(one) for one in pixels]


def unit(pixels: np.ndarray) -> np.ndarray:
    """Pixels as float32: uint8 as shares of 255, others as they are."""
    return pixels.astype(np.float32) / np.float32(255) if pixels.dtype == np.uint8 else pixels


def check_scale(
    scale: str | None, channels: int | None, mean: tuple[float, ...] | None, std: tuple[float, ...] | None
) -> None:
    """Refuse settings of what numbers mean that are impossible.

    Raises
    ------
    ConfigError
        The scale is unknown, or means and deviations are not one for each channel.
    """
    if scale not in {None, UNIT, RAW}:
        raise ConfigError(f"scale must be {UNIT!r}, {RAW!r} or None, but got {scale!r}.")
    lengths = {name: np.size(given) for name, given in (("mean", mean), ("std", std)) if given is not None}
    if any(np.ndim(given) != 1 for given in (mean, std) if given is not None):
        raise ConfigError(f"mean={mean} and std={std} must hold a number for each channel, such as (0.5,).")
    wanted = channels or max(lengths.values(), default=0)
    for name, length in lengths.items():
        if length != wanted:
            raise ConfigError(f"{name} holds {length} numbers, but there are {wanted} channels; give one for each.")


def _as_unit(values: np.ndarray, name: str) -> np.ndarray:
    is_whole = values.dtype.kind in "iu"
    least, most = (0.0, 255.0) if is_whole else (-_OVERSHOOT, 1.0 + _OVERSHOOT)
    if not _within([values], least, most):
        msg = (
            f"{name} holds values from {values.min():g} to {values.max():g}, but what was trained on are bytes or "
            "shares of 1: give uint8, or divide by 255. Numbers of another kind need an encoder that is pretrained "
            f"with the tokenizer's setting scale={RAW!r}."
        )
        raise DataError(msg)
    return values.astype(np.uint8 if is_whole else np.float32, copy=False)


def _within(arrays: Sequence[np.ndarray], least: float, most: float) -> bool:
    return all(least <= one.min() and one.max() <= most for one in arrays)
